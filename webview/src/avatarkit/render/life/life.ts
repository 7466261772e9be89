/** The figure's own life, blended with the motion it is sent. */
import type { FigurePose } from "../figure";
import { ARKIT_52, arkitIndex, type AvatarMood, type MotionFrame } from "../types";
import { Blink } from "./blink";
import { breathAt } from "./breath";
import { Gaze } from "./gaze";
import { Head } from "./head";
import { Micro } from "./micro";
import { isMouth, MOODS } from "./moods";
import { Random } from "./random";

const COUNT = ARKIT_52.length;
/** Seconds in which a face takes on a new mood (time constant). */
const MOOD_SECONDS = 0.22;
/** When motion ends the mouth relaxes with this time constant: closed after about 0.2 s. */
const RELAX_SECONDS = 0.07;
/** How much of the mood's own mouth stays while motion plays: enough to be friendly, too little to be a frozen grin. */
const MOUTH_SHARE = 0.4;
/** Angles at weight 1 of the look shapes (pose.ts turns them back into angles). */
const LOOK_VERTICAL = 0.4;
const LOOK_SIDE = 0.5;

const IS_MOUTH = ARKIT_52.map((_, index) => isMouth(index));
const JAW = arkitIndex("jawOpen");
const LEFT = arkitIndex("eyeBlinkLeft");
const RIGHT = arkitIndex("eyeBlinkRight");
const DOWN = arkitIndex("eyeLookDownLeft") - LEFT;
const IN = arkitIndex("eyeLookInLeft") - LEFT;
const OUT = arkitIndex("eyeLookOutLeft") - LEFT;
const UP = arkitIndex("eyeLookUpLeft") - LEFT;
const SQUINT = arkitIndex("eyeSquintLeft") - LEFT;
const WIDE = arkitIndex("eyeWideLeft") - LEFT;

/** Works out the pose of each picture. Deterministic: the same seed, times and calls give the same poses. */
export class Life {
  readonly pose: {
    -readonly [K in keyof FigurePose]: FigurePose[K];
  } = {
    weights: new Float32Array(COUNT),
    head: new Float32Array(3),
    breath: 0,
    sway: 0,
    brightness: 1,
  };
  /** The mood's face, eased. */
  private readonly face = new Float32Array(COUNT);
  /** Motion's weights; they fade when motion ends. */
  private readonly motion = new Float32Array(COUNT);
  private readonly motionHead = new Float32Array(3);
  private readonly motionGaze = new Float32Array(2);
  private playing = false;
  private hasHead = false;
  private hasGaze = false;
  /** 1 while motion plays, 0 after it. */
  private active = 0;
  private current: AvatarMood = "idle";
  private last: number | null = null;
  private readonly blink: Blink;
  private readonly gaze: Gaze;
  private readonly head: Head;
  private readonly micro: Micro;

  /**
   * @param seed - of all chance
   * @param calm - no sway, nods, glances or small movements
   * @param bare - nothing but motion
   */
  constructor(
    seed: number,
    public calm: boolean,
    private readonly bare = false,
  ) {
    this.blink = new Blink(new Random(seed));
    this.gaze = new Gaze(new Random(seed + 1));
    this.head = new Head(new Random(seed + 2));
    this.micro = new Micro(new Random(seed + 3));
    this.face.set(MOODS.idle.face);
  }

  get mood(): AvatarMood {
    return this.current;
  }

  /** Changes the mood; face and posture follow within a few tenths of a second. */
  set mood(mood: AvatarMood) {
    if (mood === this.current) return;
    this.current = mood;
    this.gaze.interrupt();
    this.head.interrupt();
  }

  /** Motion to show from the next step on; null: none. The frame is copied. */
  setFrame(frame: MotionFrame | null): void {
    this.playing = frame !== null;
    this.hasHead = frame !== null && frame.head !== null;
    this.hasGaze = frame !== null && frame.gaze !== null;
    if (!frame) return;
    this.motion.set(frame.weights);
    if (frame.head) this.motionHead.set(frame.head);
    if (frame.gaze) this.motionGaze.set(frame.gaze);
  }

  /** The motion on the screen now, without the figure's own life. */
  currentFrame(): MotionFrame {
    const [pitch = 0, yaw = 0, roll = 0] = this.motionHead;
    const [gazePitch = 0, gazeYaw = 0] = this.motionGaze;
    return {
      weights: this.motion.slice(),
      head: this.hasHead ? [pitch, yaw, roll] : null,
      gaze: this.hasGaze ? [gazePitch, gazeYaw] : null,
    };
  }

  /** Works out {@link pose} for `now` (ms). */
  step(now: number): void {
    const time = now / 1000;
    const seconds = this.last === null ? 0 : Math.min(0.25, Math.max(0, time - this.last));
    this.last = time;
    this.fade(seconds);
    if (this.bare) this.show();
    else this.live(time, seconds);
  }

  /** The motion as it is. */
  private show(): void {
    this.pose.weights.set(this.motion);
    if (!this.hasHead) this.motionHead.fill(0);
    if (!this.hasGaze) this.motionGaze.fill(0);
    this.pose.head.set(this.motionHead);
    this.turnEyes(this.motionGaze[0] ?? 0, this.motionGaze[1] ?? 0);
  }

  private live(time: number, seconds: number): void {
    const habit = MOODS[this.current];
    const { pose } = this;
    const toMood = 1 - Math.exp(-seconds / MOOD_SECONDS);
    pose.brightness += (habit.brightness - pose.brightness) * toMood;
    pose.breath = this.calm ? 0 : breathAt(time);
    pose.sway = this.calm ? 0 : 0.006 * Math.sin(time * 0.55) + 0.004 * Math.sin(time * 0.31 + 1);
    for (let i = 0; i < COUNT; i++) {
      const face = (this.face[i] ?? 0) + ((habit.face[i] ?? 0) - (this.face[i] ?? 0)) * toMood;
      this.face[i] = face;
      const share = IS_MOUTH[i] ? 1 - (1 - MOUTH_SHARE) * this.active : 1;
      pose.weights[i] = face * share;
    }
    if (!this.calm) this.micro.add(time, habit.micro * (1 - 0.5 * this.active), pose.weights);
    for (let i = 0; i < COUNT; i++) pose.weights[i] = (pose.weights[i] ?? 0) + (this.motion[i] ?? 0);
    this.look(time, seconds);
    this.lids(time, habit.blinkPause);
    this.hold(time, seconds);
    for (let i = 0; i < COUNT; i++) pose.weights[i] = Math.min(1, Math.max(0, pose.weights[i] ?? 0));
  }

  private fade(seconds: number): void {
    this.active += ((this.playing ? 1 : 0) - this.active) * (1 - Math.exp(-seconds / 0.12));
    const keepSlow = Math.exp(-seconds / 0.25);
    if (!this.hasHead) scale(this.motionHead, keepSlow);
    if (!this.hasGaze) scale(this.motionGaze, keepSlow);
    if (this.playing) return;
    const keep = Math.exp(-seconds / RELAX_SECONDS);
    for (let i = 0; i < COUNT; i++) {
      const left = (this.motion[i] ?? 0) * keep;
      this.motion[i] = left < 0.002 ? 0 : left;
    }
  }

  /** Turns the eyes by the look shapes, so that the lids come along. */
  private look(time: number, seconds: number): void {
    const habit = MOODS[this.current].gaze;
    const { gaze } = this;
    if (this.calm) {
      // No saccades: thinking and error still look where they look, all others at the viewer.
      const aside = habit.contact < 0.5;
      gaze.pitch = aside ? habit.pitch[0] : 0;
      gaze.yaw = aside ? habit.yaw[0] : 0;
    } else {
      gaze.step(time, seconds, habit);
      if (gaze.leapt) this.blink.withGaze(time);
    }
    const { head } = this.pose;
    // The eyes stay on what they look at while the head turns, up to a point.
    const pitch = gaze.pitch + (this.motionGaze[0] ?? 0) - 0.75 * (head[0] ?? 0);
    const yaw = gaze.yaw + (this.motionGaze[1] ?? 0) - 0.8 * (head[1] ?? 0);
    this.turnEyes(pitch, yaw);
  }

  private turnEyes(pitch: number, yaw: number): void {
    const { weights } = this.pose;
    for (let eye = LEFT, side = 1; eye <= RIGHT; eye += RIGHT - LEFT, side = -1) {
      raise(weights, eye + DOWN, pitch / LOOK_VERTICAL);
      raise(weights, eye + UP, -pitch / LOOK_VERTICAL);
      raise(weights, eye + OUT, (side * yaw) / LOOK_SIDE);
      raise(weights, eye + IN, (-side * yaw) / LOOK_SIDE);
    }
  }

  private lids(time: number, pause: number): void {
    const closed = this.blink.at(time, pause);
    const { weights } = this.pose;
    for (let eye = LEFT; eye <= RIGHT; eye += RIGHT - LEFT) {
      const before = weights[eye] ?? 0;
      weights[eye] = before + (1 - before) * closed;
      // Shut lids cover whatever shape they had.
      for (let i = SQUINT; i <= WIDE; i++) weights[eye + i] = (weights[eye + i] ?? 0) * (1 - closed);
    }
  }

  private hold(time: number, seconds: number): void {
    const voice = this.playing ? (this.motion[JAW] ?? 0) : 0;
    // Motion that brings its own head movement replaces the accents on loud syllables.
    this.head.step(time, seconds, MOODS[this.current].head, this.hasHead ? 0 : voice, this.calm);
    const share = this.calm ? 0.4 : 1;
    for (let i = 0; i < 3; i++) this.pose.head[i] = (this.head.angles[i] ?? 0) + share * (this.motionHead[i] ?? 0);
  }
}

function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) * factor;
}

function raise(weights: Float32Array, index: number, amount: number): void {
  if (amount > 0) weights[index] = Math.min(1, (weights[index] ?? 0) + amount);
}
