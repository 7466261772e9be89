/**
 * Everything one avatar participant has said about its motion: rounds, counters, and the order they came in.
 */
import {
  decodeMotion,
  FLAG_LAST,
  FRAME_MS,
  MotionFormatError,
  MotionKind,
  type MotionMessage,
  SAMPLES_PER_MS,
} from "./codec";
import { Round } from "./round";

/** Rounds kept: the one heard, the one that comes, and one that just ended. */
const KEEP_ROUNDS = 4;
/** New frames a FRAMES message carries; older ones are repeats. */
const NEW_PER_MESSAGE = 2;

/** Counters of the motion channel since the avatar joined. */
export interface MotionCounters {
  /** Messages taken. */
  messages: number;
  /** Messages that do not follow the protocol. */
  malformed: number;
  /** Frames seen for the first time. */
  frames: number;
  /** Frames whose own message was lost and that came by a later message's repeat. */
  recovered: number;
  /** Frames that were not there when they were heard. */
  lost: number;
  /** Frames that came after they should have been shown. */
  late: number;
  /** Times motion stayed away for so long that the avatar went idle in mid-round. */
  stalls: number;
}

/** Counters, all zero. */
export function emptyCounters(): MotionCounters {
  return { messages: 0, malformed: 0, frames: 0, recovered: 0, lost: 0, late: 0, stalls: 0 };
}

/** What a message changed, for those who tell others. */
export interface MotionEffect {
  readonly round: Round;
  readonly message: MotionMessage;
  /** It is the first message of this round. */
  readonly born: boolean;
  /** The avatar's track began anew: everything before was dropped. */
  readonly restarted: boolean;
}

/** Rounds of one avatar participant. Times are performance.now() unless said otherwise. */
export class MotionBuffer {
  readonly counters = emptyCounters();
  /** Oldest first. */
  private rounds: Round[] = [];

  /** Rounds held, oldest first. */
  get all(): readonly Round[] {
    return this.rounds;
  }

  /** The round that began last. */
  get newest(): Round | null {
    return this.rounds.at(-1) ?? null;
  }

  /** Forgets all rounds; the counters go on. */
  clear(): void {
    this.rounds = [];
  }

  /**
   * Takes one message as it came from the network.
   *
   * @param heardMs - track milliseconds being heard now, NaN if not known; tells a late frame
   * @returns what it changed, or null if it was refused or belongs to a round already dropped
   */
  push(bytes: Uint8Array, now: number, heardMs: number): MotionEffect | null {
    let message: MotionMessage;
    try {
      message = decodeMotion(bytes);
    } catch (error) {
      if (!(error instanceof MotionFormatError)) throw error;
      this.counters.malformed += 1;
      return null;
    }
    return this.take(message, now, heardMs);
  }

  /** As {@link push}, for a message that is decoded already. */
  take(message: MotionMessage, now: number, heardMs: number): MotionEffect | null {
    this.counters.messages += 1;
    const restarted = this.isRestart(message);
    if (restarted) this.rounds = [];
    let round = this.rounds.find((known) => known.id === message.round);
    const born = round === undefined;
    if (!round) {
      const newest = this.newest;
      if (newest && message.round < newest.id) return null;
      // The end of a round that was never seen here concerns nobody.
      if (message.kind === MotionKind.END || message.kind === MotionKind.INTERRUPTED) return null;
      round = new Round(message.round, now);
      this.rounds.push(round);
      if (this.rounds.length > KEEP_ROUNDS) this.rounds.shift();
    }
    this.apply(round, message, now, heardMs);
    return { round, message, born, restarted };
  }

  /** A lower round number that starts afresh means a new track: numbers only rise within one. */
  private isRestart(message: MotionMessage): boolean {
    const newest = this.newest;
    if (!newest || message.kind !== MotionKind.START || message.round > newest.id) return false;
    return newest.placed && message.trackSamples / SAMPLES_PER_MS < newest.startMs;
  }

  private apply(round: Round, message: MotionMessage, now: number, heardMs: number): void {
    switch (message.kind) {
      case MotionKind.FRAMES:
        this.takeFrames(round, message, now, heardMs);
        return;
      case MotionKind.START:
        round.place(0, message.trackSamples, true);
        return;
      case MotionKind.END:
        round.end(message.frame, false);
        return;
      case MotionKind.INTERRUPTED:
        round.end(message.frame, true);
        return;
      case MotionKind.PAUSED:
        round.pause(message.frame, message.trackSamples);
        round.lastMotionAt = now;
        return;
      case MotionKind.RESUMED:
        round.place(message.frame, message.trackSamples, true);
        round.lastMotionAt = now;
    }
  }

  private takeFrames(round: Round, message: MotionMessage, now: number, heardMs: number): void {
    round.place(message.frame, message.trackSamples, false);
    const { media } = round.at(heardMs);
    const firstSight = round.newest < 0;
    const first = message.frame - message.frames.length + 1;
    for (const [i, frame] of message.frames.entries()) {
      const index = first + i;
      if (!round.putFrame(index, frame)) continue;
      round.lastMotionAt = now;
      this.counters.frames += 1;
      // Who joins in mid-round has not lost what was said before.
      if (!firstSight && index <= message.frame - NEW_PER_MESSAGE) this.counters.recovered += 1;
      if (!firstSight && (index + 1) * FRAME_MS < media) this.counters.late += 1;
    }
    const firstEnergy = message.frame - message.energies.length + 1;
    for (const [i, energy] of message.energies.entries()) round.putEnergy(firstEnergy + i, energy);
    if ((message.flags & FLAG_LAST) !== 0) round.end(message.frame + 1, false);
  }
}
