/** Where the eyes look: contact, glances away, and the small jumps between. */
import type { Random } from "./random";

/** How a mood looks at people. Angles in radians, pitch + down, yaw + to the avatar's left. */
export interface GazeHabit {
  /** Share of time in eye contact. */
  readonly contact: number;
  /** Seconds a contact is held, seconds a glance away lasts. */
  readonly hold: readonly [low: number, high: number];
  readonly away: readonly [low: number, high: number];
  /** Where glances go: middle and spread. */
  readonly pitch: readonly [middle: number, spread: number];
  readonly yaw: readonly [middle: number, spread: number];
  /** Glances go to either side, not only to where `yaw` says. */
  readonly bothSides: boolean;
}

/** A saccade takes about this long. */
const SACCADE_SECONDS = 0.045;
const FAR = 0.2;

/** The eyes' direction over time. */
export class Gaze {
  pitch = 0;
  yaw = 0;
  /** True in the step in which the eyes left for a far point. */
  leapt = false;
  private goalPitch = 0;
  private goalYaw = 0;
  private contact = true;
  private until: number | null = null;
  private nextJump = 0;
  private jumpPitch = 0;
  private jumpYaw = 0;

  constructor(private readonly random: Random) {}

  /** Moves on to `now` (s). */
  step(now: number, seconds: number, habit: GazeHabit): void {
    this.leapt = false;
    this.until ??= now + this.random.between(...habit.hold);
    if (now >= this.until) this.choose(now, habit);
    if (now >= this.nextJump) {
      // Even in contact the eyes wander over the other's face: left eye, right eye, mouth.
      this.nextJump = now + this.random.between(0.4, 1.9);
      this.jumpPitch = this.random.bell() * 0.012;
      this.jumpYaw = this.random.bell() * 0.02;
    }
    const share = 1 - Math.exp(-seconds / (SACCADE_SECONDS / 2.2));
    this.pitch += (this.goalPitch + this.jumpPitch - this.pitch) * share;
    this.yaw += (this.goalYaw + this.jumpYaw - this.yaw) * share;
  }

  /** A new mood: look where it looks at the next chance. */
  interrupt(): void {
    this.until = 0;
    this.contact = true;
  }

  private choose(now: number, habit: GazeHabit): void {
    const away = this.contact && !this.random.chance(habit.contact);
    this.contact = !away;
    const [low, high] = away ? habit.away : habit.hold;
    this.until = now + this.random.between(low, high);
    let pitch = 0;
    let yaw = 0;
    if (away) {
      const side = habit.bothSides && this.random.chance(0.5) ? -1 : 1;
      pitch = habit.pitch[0] + this.random.bell() * habit.pitch[1];
      yaw = side * (habit.yaw[0] + this.random.bell() * habit.yaw[1]);
    }
    this.leapt = Math.hypot(pitch - this.goalPitch, yaw - this.goalYaw) > FAR;
    this.goalPitch = pitch;
    this.goalYaw = yaw;
  }
}
