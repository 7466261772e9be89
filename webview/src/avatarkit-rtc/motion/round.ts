/**
 * One round (one reply) of an avatar: its frames, its energies, and where each frame lies in the audio track.
 *
 * Times here are *track milliseconds*: 48 kHz samples since the avatar's track began, divided by 48.
 */
import type { MotionFrame } from "../../avatarkit/render/types";
import { FRAME_MS, FRAME_SAMPLES, SAMPLES_PER_MS } from "./codec";

/** Frames kept per round: 5.12 s, of which the protocol asks for 2 s. */
export const RING_FRAMES = 256;

/** From `frame` on, frame k begins at track sample `base + 960·k`. A pause starts a new stretch. */
interface Stretch {
  frame: number;
  base: number;
}

/** Where in the avatar's track a round is silent because it was paused. */
interface Pause {
  /** First frame that was not played. */
  readonly frame: number;
  /** First sample of silence. */
  readonly sample: number;
}

/** How a round ended. */
export type RoundEnd = "end" | "interrupted" | "stalled" | "left";

/** What is heard of a round at some moment. */
export interface RoundPosition {
  /** Media time in milliseconds; negative before the round begins. */
  readonly media: number;
  /** The round is paused here: its sound is silence. */
  readonly paused: boolean;
}

/** Frames, energies and timeline of one round. */
export class Round {
  /** Number of frames in the round; known once END, INTERRUPTED or a LAST frame came. */
  frameCount: number | null = null;
  interrupted = false;
  /** Newest frame received; −1 before the first. */
  newest = -1;
  /** performance.now() of the newest motion that was new. */
  lastMotionAt: number;
  private readonly frames = new Array<MotionFrame | undefined>(RING_FRAMES);
  private readonly frameIndex = new Int32Array(RING_FRAMES).fill(-1);
  private readonly energies = new Uint8Array(RING_FRAMES);
  private readonly energyIndex = new Int32Array(RING_FRAMES).fill(-1);
  private readonly stretches: Stretch[] = [];
  private pauses: Pause[] = [];

  constructor(
    /** The round's number in the messages. */
    readonly id: number,
    /** performance.now() of the first message of it. */
    readonly bornAt: number,
  ) {
    this.lastMotionAt = bornAt;
  }

  /** Keeps a frame. False if it was there already, or is too old for the ring. */
  putFrame(index: number, frame: MotionFrame): boolean {
    if (index < 0 || index <= this.newest - RING_FRAMES) return false;
    const slot = index % RING_FRAMES;
    if (this.frameIndex[slot] === index) return false;
    this.frameIndex[slot] = index;
    this.frames[slot] = frame;
    if (index > this.newest) this.newest = index;
    return true;
  }

  /** Keeps the energy byte of a frame. */
  putEnergy(index: number, energy: number): void {
    if (index < 0 || index <= this.newest - RING_FRAMES) return;
    this.energyIndex[index % RING_FRAMES] = index;
    this.energies[index % RING_FRAMES] = energy;
  }

  /** The frame, if it is held. */
  frame(index: number): MotionFrame | undefined {
    return index >= 0 && this.frameIndex[index % RING_FRAMES] === index ? this.frames[index % RING_FRAMES] : undefined;
  }

  /** The energy byte of a frame, or −1 if it is not held. */
  energy(index: number): number {
    if (index < 0 || this.energyIndex[index % RING_FRAMES] !== index) return -1;
    return this.energies[index % RING_FRAMES] ?? -1;
  }

  /**
   * States that `frame` begins at track sample `sample`. `exact` marks where a stretch begins (START, RESUMED); a
   * FRAMES message only proves it for its newest frames, so there a stretch may grow towards earlier frames later.
   */
  place(frame: number, sample: number, exact: boolean): void {
    const base = sample - frame * FRAME_SAMPLES;
    const known = this.stretches.find((stretch) => stretch.base === base);
    if (known) {
      if (exact) known.frame = frame;
      return;
    }
    // The first stretch seen also covers the frames before it: a message repeats up to eleven older frames.
    const from = exact ? frame : this.stretches.length === 0 ? 0 : Math.max(0, frame - 1);
    this.stretches.push({ frame: from, base });
    this.stretches.sort((a, b) => a.base - b.base);
  }

  /** The round is silent from `frame` (at `sample`) until it is placed again. */
  pause(frame: number, sample: number): void {
    if (this.pauses.some((pause) => pause.sample === sample)) return;
    this.pauses.push({ frame, sample });
    this.pauses.sort((a, b) => a.sample - b.sample);
  }

  /** Ends the round before `frame`. The earlier of two ends holds: nothing after an interruption is shown. */
  end(frame: number, interrupted: boolean): void {
    if (this.frameCount === null || frame < this.frameCount) this.frameCount = frame;
    this.interrupted ||= interrupted;
  }

  /** True once the timeline is known. */
  get placed(): boolean {
    return this.stretches.length > 0;
  }

  /** Track milliseconds of the round's first sample; NaN until known. */
  get startMs(): number {
    const first = this.stretches[0];
    return first ? (first.base + first.frame * FRAME_SAMPLES) / SAMPLES_PER_MS : Number.NaN;
  }

  /** Track milliseconds just after the round's last sample; NaN while the round is open. */
  get endMs(): number {
    return this.frameCount === null ? Number.NaN : this.frameToTrack(this.frameCount);
  }

  /** Track milliseconds at which a frame begins; also for one after the last, and for parts of frames. */
  frameToTrack(frame: number): number {
    let stretch = this.stretches[0];
    for (const candidate of this.stretches) if (candidate.frame < frame) stretch = candidate;
    return stretch ? (stretch.base + frame * FRAME_SAMPLES) / SAMPLES_PER_MS : Number.NaN;
  }

  /** What of this round is heard when the avatar's track is heard at `trackMs`. */
  at(trackMs: number): RoundPosition {
    const sample = trackMs * SAMPLES_PER_MS;
    let stretch = this.stretches[0];
    if (!stretch) return { media: Number.NaN, paused: false };
    for (const candidate of this.stretches) {
      if (candidate.base + candidate.frame * FRAME_SAMPLES <= sample) stretch = candidate;
    }
    const begin = stretch.base + stretch.frame * FRAME_SAMPLES;
    // A pause holds from its first silent sample until the next stretch begins.
    for (const pause of this.pauses) {
      if (pause.sample <= sample && pause.sample >= begin) return { media: pause.frame * FRAME_MS, paused: true };
    }
    return { media: (sample - stretch.base) / SAMPLES_PER_MS, paused: false };
  }
}
