/**
 * What the avatar shows at each tick of the view's clock: transitions, the motion of the round heard, rest, idle.
 *
 * One clock draws everything, so a transition and the stream never compete. Which moment of which round is heard is
 * decided elsewhere; here that moment is turned into a face.
 */
import {
  blendInto,
  copyFrame,
  easeInOut,
  type MutableFrame,
  neutralFrame,
  TRANSITION_FRAME_MS,
} from "../avatarkit/frames";
import type { MotionFrame } from "../avatarkit/render/types";
import { FRAME_MS } from "./motion/codec";
import type { Round, RoundEnd } from "./motion/round";
import { sampleInto } from "./motion/sample";

/** What is heard now. */
export interface Cue {
  readonly round: Round;
  /** Media ms of the round; negative before it begins. */
  readonly media: number;
  readonly paused: boolean;
}

/** The view, as far as playback needs it. */
export interface PlaybackSink {
  renderFrame(frame: MotionFrame | null, startIdle?: boolean): void;
  currentFrame(): MotionFrame;
}

/** Told as the rounds go by. `at` is performance.now(). */
export interface PlaybackListener {
  /** The avatar turns to this round. */
  onBegin(round: Round, at: number): void;
  /** The first picture with this round's motion. */
  onFirstMotion(round: Round, at: number): void;
  onEnd(round: Round, reason: RoundEnd, at: number): void;
  onStalled(round: Round, at: number): void;
  onPaused(round: Round, at: number): void;
  /** A frame that should be seen is not there. */
  onLost(round: Round, frames: number): void;
}

/** Lengths of transitions, in frames of 25 fps. */
export interface TransitionOptions {
  readonly transitionStartFrameCount: number;
  readonly transitionEndFrameCount: number;
}

/** AvatarKit's start; an end that follows a voice rather than a timer. */
export const DEFAULT_TRANSITIONS: TransitionOptions = { transitionStartFrameCount: 5, transitionEndFrameCount: 9 };
/** Frames of the way back to idle when the connection ends. */
export const DISCONNECT_FRAMES = 12;
/** Motion missing this long in mid-round is a stall. */
export const STALL_MS = 3000;

/** A missing frame is bridged by the last one this long; then the mouth comes to rest rather than freeze open. */
const HOLD_MS = 200;
const RELAX_MS = 300;
/** Corrections of the lock that would run the picture backwards by less than this hold it instead. */
const BACKWARD_MS = 100;

type State = "idle" | "starting" | "playing" | "resting" | "paused" | "ending" | "stalled";

/** State machine of one avatar's face. */
export class Playback {
  private state: State = "idle";
  private round: Round | null = null;
  private media = Number.NEGATIVE_INFINITY;
  private since = 0;
  private duration = 0;
  private starvedAt: number | null = null;
  private countedTo = -1;
  private firstMotionOf: Round | null = null;
  private from: MutableFrame = neutralFrame();
  private readonly target = neutralFrame();
  private readonly out = neutralFrame();
  private readonly rest = neutralFrame();

  constructor(
    private readonly sink: PlaybackSink,
    private readonly listener: PlaybackListener,
    private readonly options: TransitionOptions = DEFAULT_TRANSITIONS,
  ) {}

  /** Milliseconds before a round's first sound at which the way to it begins. */
  get leadMs(): number {
    return this.options.transitionStartFrameCount * TRANSITION_FRAME_MS;
  }

  /** The avatar shows its own life. */
  get isIdle(): boolean {
    return this.state === "idle" || this.state === "stalled" || this.state === "paused";
  }

  /** Round and media time of the picture drawn last; null unless it is the stream, unblended. */
  get shown(): { round: Round; media: number } | null {
    return this.state === "playing" && this.round && this.media >= 0 ? { round: this.round, media: this.media } : null;
  }

  /** Draws the face for `now`. */
  tick(now: number, cue: Cue | null): void {
    const turned = cue !== null && (cue.round === this.round || cue.media >= -this.leadMs);
    const live = turned && !cue.paused && !isOver(cue) ? cue : null;
    if (this.round && this.state !== "ending" && !(live && live.round === this.round)) this.finish(cue, now);
    if (live) this.follow(live, now);
    this.draw(now);
  }

  /** The connection is gone: a last blend to idle, whatever was shown. */
  leave(now: number): void {
    if (this.round) this.endRound("left", now);
    if (this.isIdle) {
      this.state = "idle";
      return;
    }
    this.blendFrom("ending", DISCONNECT_FRAMES * TRANSITION_FRAME_MS, now);
  }

  private follow(cue: Cue, now: number): void {
    if (this.round !== cue.round) {
      this.begin(cue, now);
    } else if (this.state === "resting" || this.state === "paused") {
      this.blendFrom("starting", this.leadMs, now);
    }
    const back = this.media - cue.media;
    this.media = back > 0 && back < BACKWARD_MS ? this.media : cue.media;
    this.countLost(cue.round);
    this.watchStall(cue.round, now);
  }

  private begin(cue: Cue, now: number): void {
    this.round = cue.round;
    this.media = cue.media;
    this.starvedAt = null;
    this.countedTo = Math.floor(Math.max(0, cue.media) / FRAME_MS) - 1;
    this.firstMotionOf = null;
    this.blendFrom("starting", this.leadMs, now);
    this.listener.onBegin(cue.round, now);
  }

  private blendFrom(state: State, duration: number, now: number): void {
    this.from = copyFrame(this.sink.currentFrame());
    this.state = state;
    this.since = now;
    this.duration = duration;
  }

  /** The round followed is not heard any more: it ended, paused, or another took its place. */
  private finish(cue: Cue | null, now: number): void {
    const round = this.round;
    if (!round) return;
    if (cue?.round === round && cue.paused && !isOver(cue)) {
      if (this.state === "resting" || this.state === "paused") return;
      this.blendFrom("resting", this.options.transitionEndFrameCount * TRANSITION_FRAME_MS, now);
      this.listener.onPaused(round, now);
      return;
    }
    const wasIdle = this.isIdle;
    const finished = round.frameCount !== null || cue !== null;
    this.endRound(round.interrupted ? "interrupted" : finished ? "end" : "left", now);
    if (wasIdle) this.state = "idle";
    else this.blendFrom("ending", this.options.transitionEndFrameCount * TRANSITION_FRAME_MS, now);
  }

  private endRound(reason: RoundEnd, now: number): void {
    const round = this.round;
    this.round = null;
    this.media = Number.NEGATIVE_INFINITY;
    if (round) this.listener.onEnd(round, reason, now);
  }

  private countLost(round: Round): void {
    // The frame whose end has passed is beyond saving.
    const passed = Math.min(Math.floor(this.media / FRAME_MS) - 1, round.newest);
    let lost = 0;
    for (; this.countedTo < passed; this.countedTo++) if (!round.frame(this.countedTo + 1)) lost += 1;
    if (lost > 0) this.listener.onLost(round, lost);
  }

  private watchStall(round: Round, now: number): void {
    const open = round.frameCount === null && this.media > (round.newest + 1) * FRAME_MS;
    const blending = this.state === "starting" && now - this.since < this.duration;
    if (open && this.state !== "stalled" && !blending && now - round.lastMotionAt >= STALL_MS) {
      this.state = "stalled";
      this.sink.renderFrame(null, true);
      this.listener.onStalled(round, now);
    }
  }

  private draw(now: number): void {
    const t = this.duration > 0 ? (now - this.since) / this.duration : 1;
    switch (this.state) {
      case "idle":
      case "paused":
        return;
      case "stalled":
        // When motion comes back it is shown straight on.
        if (this.round && sampleInto(this.target, this.round, this.media) === "full") this.show(this.target, now);
        return;
      case "starting":
        this.drawStart(t, now);
        return;
      case "playing":
        this.drawStream(now);
        return;
      case "resting":
      case "ending":
        if (t >= 1) {
          this.state = this.state === "ending" ? "idle" : "paused";
          this.sink.renderFrame(null, true);
          return;
        }
        blendInto(this.out, this.from, this.rest, easeInOut(t));
        this.sink.renderFrame(this.out);
    }
  }

  private show(frame: MutableFrame, now: number): void {
    this.state = "playing";
    this.starvedAt = null;
    this.sink.renderFrame(frame);
    this.tellFirstMotion(now);
  }

  private drawStart(t: number, now: number): void {
    if (!this.round) return;
    const quality = sampleInto(this.target, this.round, this.media);
    if (quality === "none") return;
    if (t >= 1) {
      this.show(this.target, now);
      return;
    }
    blendInto(this.out, this.from, this.target, easeInOut(t));
    this.sink.renderFrame(this.out);
    this.tellFirstMotion(now);
  }

  private drawStream(now: number): void {
    if (!this.round) return;
    if (sampleInto(this.target, this.round, this.media) === "full") {
      this.show(this.target, now);
      return;
    }
    this.starvedAt ??= now;
    const starved = now - this.starvedAt - HOLD_MS;
    if (starved <= 0) return;
    blendInto(this.out, this.target, this.rest, easeInOut(starved / RELAX_MS));
    this.sink.renderFrame(this.out);
  }

  private tellFirstMotion(now: number): void {
    if (!this.round || this.firstMotionOf === this.round) return;
    this.firstMotionOf = this.round;
    this.listener.onFirstMotion(this.round, now);
  }
}

function isOver(cue: Cue): boolean {
  return cue.round.frameCount !== null && cue.media >= cue.round.frameCount * FRAME_MS;
}
