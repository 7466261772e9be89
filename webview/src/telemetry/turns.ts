/**
 * The times of each turn: from the end of the user's speech to the avatar's first sound and first motion, and from the
 * user's speaking over the avatar to its silence. Pure: it is told what happened when, and gives finished turns.
 */
import type { TurnReport } from "../bridge";
import type { CaptionLine } from "../session/captions";
import { tenths, toEpoch } from "./clock";
import type { VoiceTimes } from "./voice-activity";

/** Captions may come a little after the sound they belong to: a turn is told this long after its end, ms. */
export const GRACE_MS = 400;
/** When silence set in after an interruption is known a little later than the interruption itself, ms. */
export const INTERRUPTED_GRACE_MS = 2000;
/** A barge-in begins at most this long before the avatar is stopped, ms. */
const BARGE_IN_MS = 3000;

interface Turn {
  readonly round: number;
  readonly kind: TurnReport["kind"];
  readonly userEnd: number | null;
  readonly heardIds: ReadonlySet<string>;
  firstAudio: number | null;
  firstMotion: number | null;
  interruptToSilence: number | null;
  interrupted: boolean;
}

export interface TurnSources {
  /** The newest burst of the user's speech, performance.now() ms. */
  readonly voice: () => VoiceTimes | null;
  readonly captions: () => readonly CaptionLine[];
  readonly onTurn: (report: TurnReport) => void;
}

export class Turns {
  readonly #sources: TurnSources;
  readonly #used = new Set<string>();
  #turn: Turn | null = null;
  #finishing: { turn: Turn; timer: ReturnType<typeof setTimeout> } | null = null;
  #count = 0;
  #typedAt: number | null = null;
  /** Speech that ended before this time is answered (or was not heard): a reply now is not measured against it. */
  #answered = -Infinity;

  constructor(sources: TurnSources) {
    this.#sources = sources;
  }

  get count(): number {
    return this.#count;
  }

  /** The agent is there and listens from `at` on: what was said before, nobody heard. */
  agentReady(at: number): void {
    this.#answered = Math.max(this.#answered, at);
  }

  /** The user sent a typed message at `at`. */
  typed(at: number): void {
    this.#typedAt = at;
  }

  /** The avatar's motion and sound of a reply begin to arrive. */
  roundStart(round: number): void {
    this.#flush();
    if (this.#turn) this.#finish(this.#turn, 0);
    const voice = this.#sources.voice();
    const typedAt = this.#typedAt;
    this.#typedAt = null;
    const spoke = voice !== null && voice.end > this.#answered;
    const kind = typedAt !== null && (!spoke || typedAt > voice.end) ? "typed" : spoke ? "voice" : "unprompted";
    const userEnd = kind === "typed" ? typedAt : kind === "voice" ? (voice?.end ?? null) : null;
    if (userEnd !== null) this.#answered = Math.max(this.#answered, userEnd);
    this.#turn = {
      round,
      kind,
      userEnd,
      heardIds: new Set(this.#unused("user").map((line) => line.id)),
      firstAudio: null,
      firstMotion: null,
      interruptToSilence: null,
      interrupted: false,
    };
  }

  firstAudio(round: number, at: number): void {
    const turn = this.#find(round);
    if (turn) turn.firstAudio ??= at;
  }

  firstMotion(round: number, at: number): void {
    const turn = this.#find(round);
    if (turn) turn.firstMotion ??= at;
  }

  roundEnd(round: number, interrupted: boolean): void {
    if (this.#turn?.round !== round) return;
    const turn = this.#turn;
    this.#turn = null;
    turn.interrupted ||= interrupted;
    this.#finish(turn, turn.interrupted && turn.interruptToSilence === null ? INTERRUPTED_GRACE_MS : GRACE_MS);
  }

  /** The avatar was stopped at `at` and nothing more was heard from `silentAt` on; also told just after the round's end. */
  interrupted(round: number, at: number, silentAt: number | null): void {
    const turn = this.#find(round);
    if (turn === null) return;
    const voice = this.#sources.voice();
    const began = voice !== null && voice.start <= at && at - voice.start < BARGE_IN_MS ? voice.start : at;
    turn.interrupted = true;
    turn.interruptToSilence = silentAt === null ? null : silentAt - began;
    this.roundEnd(round, true);
  }

  /** The conversation is over: what is open is told now. */
  close(): void {
    this.#flush();
    if (this.#turn) this.#finish(this.#turn, 0);
    this.#turn = null;
    this.#typedAt = null;
  }

  /** The turn of this round: the running one, or the last while its captions are awaited. */
  #find(round: number): Turn | null {
    if (this.#turn?.round === round) return this.#turn;
    return this.#finishing?.turn.round === round ? this.#finishing.turn : null;
  }

  #finish(turn: Turn, grace: number): void {
    this.#flush();
    if (grace === 0) this.#tell(turn);
    else this.#finishing = { turn, timer: setTimeout(() => this.#flush(), grace) };
  }

  #flush(): void {
    const finishing = this.#finishing;
    if (finishing === null) return;
    this.#finishing = null;
    clearTimeout(finishing.timer);
    this.#tell(finishing.turn);
  }

  #tell(turn: Turn): void {
    const heard = this.#unused("user").filter((line) => turn.heardIds.has(line.id));
    const said = this.#unused("avatar");
    for (const line of [...heard, ...said]) this.#used.add(line.id);
    const since = (at: number | null): number | null =>
      at === null || turn.userEnd === null ? null : tenths(at - turn.userEnd);
    const epoch = (at: number | null): number | null => (at === null ? null : tenths(toEpoch(at)));
    this.#count += 1;
    this.#sources.onTurn({
      index: this.#count,
      kind: turn.kind,
      heard: heard.map((line) => line.text).join(" "),
      said: said.map((line) => line.text).join(" "),
      user_end: epoch(turn.userEnd),
      first_audio: epoch(turn.firstAudio),
      first_motion: epoch(turn.firstMotion),
      user_end_to_first_audio_ms: since(turn.firstAudio),
      user_end_to_first_motion_ms: since(turn.firstMotion),
      interrupted: turn.interrupted,
      interrupt_to_silence_ms: tenths(turn.interruptToSilence),
    });
  }

  #unused(speaker: CaptionLine["speaker"]): readonly CaptionLine[] {
    return this.#sources.captions().filter((line) => line.speaker === speaker && !this.#used.has(line.id));
  }
}
