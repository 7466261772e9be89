/** How the head is held and moved. */
import type { Random } from "./random";
import { Spring } from "./spring";

/** A mood's way of holding the head. Radians: pitch + down, yaw + left, roll + to the left shoulder. */
export interface HeadHabit {
  readonly rest: readonly [pitch: number, yaw: number, roll: number];
  readonly spread: readonly [pitch: number, yaw: number, roll: number];
  /** Seconds between changes of posture. */
  readonly every: readonly [low: number, high: number];
  /** Seconds between nods; null: never. */
  readonly nods: readonly [low: number, high: number] | null;
}

const NOD_SECONDS = 0.62;
const NOD_DEPTH = 0.055;

/** A nod over the time since it began (s): down and back, then a smaller one. */
export function nodCurve(seconds: number): number {
  if (seconds <= 0 || seconds >= 2 * NOD_SECONDS) return 0;
  const first = seconds < NOD_SECONDS;
  const t = (first ? seconds : seconds - NOD_SECONDS) / NOD_SECONDS;
  return (first ? 1 : 0.45) * NOD_DEPTH * 0.5 * (1 - Math.cos(2 * Math.PI * t));
}

/** The head's angles over time. */
export class Head {
  /** Pitch, yaw, roll. */
  readonly angles = new Float32Array(3);
  private readonly springs = [new Spring(3.2), new Spring(2.6), new Spring(2.4)];
  private readonly goal = [0, 0, 0];
  private readonly accent = new Spring(11);
  private nextPosture = 0;
  private nextNod: number | null = null;
  private nod = Number.NEGATIVE_INFINITY;
  private loudness = 0;
  private accentUntil = 0;
  private nextAccent = 0;

  constructor(private readonly random: Random) {}

  /**
   * Moves on to `now` (s).
   *
   * @param voice - 0..1, how wide the mouth speaks now
   * @param calm - hold the mood's posture and nothing else
   */
  step(now: number, seconds: number, habit: HeadHabit, voice: number, calm: boolean): void {
    if (calm) for (let axis = 0; axis < 3; axis++) this.goal[axis] = habit.rest[axis] ?? 0;
    else if (now >= this.nextPosture) this.change(now, habit);
    for (let axis = 0; axis < 3; axis++) this.angles[axis] = this.springs[axis]?.step(this.goal[axis] ?? 0, seconds) ?? 0;
    if (calm) return;
    const pitch = this.angles[0] ?? 0;
    this.angles[0] = pitch + this.nodAt(now, habit) + this.accentAt(now, seconds, voice);
  }

  /** A new mood: take its posture at once. */
  interrupt(): void {
    this.nextPosture = 0;
    this.nextNod = null;
  }

  private change(now: number, habit: HeadHabit): void {
    this.nextPosture = now + this.random.between(...habit.every);
    for (let axis = 0; axis < 3; axis++) {
      this.goal[axis] = (habit.rest[axis] ?? 0) + this.random.bell() * 0.6 * (habit.spread[axis] ?? 0);
    }
  }

  private nodAt(now: number, habit: HeadHabit): number {
    if (habit.nods) {
      this.nextNod ??= now + this.random.between(habit.nods[0] * 0.4, habit.nods[1] * 0.6);
      if (now >= this.nextNod) {
        this.nod = now;
        this.nextNod = now + this.random.between(...habit.nods);
      }
    }
    return nodCurve(now - this.nod);
  }

  /** Small nods on loud syllables. */
  private accentAt(now: number, seconds: number, voice: number): number {
    const rising = voice - this.loudness;
    this.loudness += rising * (1 - Math.exp(-seconds / 0.25));
    if (rising > 0.16 && now >= this.nextAccent) {
      this.accentUntil = now + 0.12;
      this.nextAccent = now + this.random.between(0.5, 1.4);
    }
    return this.accent.step(now < this.accentUntil ? 0.06 : 0, seconds);
  }
}
