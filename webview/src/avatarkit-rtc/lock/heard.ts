/**
 * Which moment of the avatar's audio track is heard now.
 *
 * Three parts: the RTP clock (fine, at once), the playout delay (from statistics) and the anchor (RTP time to track
 * time, by correlation). Without them a delay model answers. All times are performance.now() ms; track times are
 * 48 kHz samples since the avatar's track began, divided by 48. No DOM in here: the tap feeds it.
 */
import { energyToAmplitude, FRAME_MS } from "../motion/codec";
import type { Round } from "../motion/round";
import { ANCHOR_FRAMES, correlate, type EnergySpan, type LagMatch, MIN_FRAMES, RoundAnchor } from "./anchor";
import { EnvelopeRing, HOP_MS } from "./envelope";
import { OffsetMonitor, type OffsetFigures } from "./offset";
import { jitterBufferMeter, playoutMeter } from "./playout";
import { RtpClock } from "./rtpclock";

/** How well the lock knows what is heard: a delay model, an anchor of an earlier moment, or one just confirmed. */
export type LockState = "model" | "prior" | "locked";

/** What the lock knows about itself. */
export interface LockDiagnostics {
  readonly state: LockState;
  /**
   * Track time of the picture drawn minus track time heard by an independent short correlation in the domain of pull
   * times (both share the playout delay); positive = picture ahead of sound. NaN before the first sample.
   */
  readonly offsetMs: OffsetFigures;
  readonly playoutMs: number;
  /** Pearson r of the last correlation; NaN before it. */
  readonly correlation: number;
}

/** A loudness step whose place in the track is known. */
export type HopListener = (trackMs: number, heardAt: number, rms: number) => void;

const SETTLE_MS = 120;
const UPDATE_MS = 100;
const ARRIVAL_WINDOW_MS = 5000;
const SEARCH_BEFORE_MS = 30;
const SEARCH_AFTER_MS = 1000;
/** Around what the session knows, wherever the jitter buffer has moved the range above. */
const SEARCH_NEAR_MS = 200;
/** After so many useless results in a row the whole range is searched again. */
const MISSES_TOLERATED = 8;
const STEP_MS = 15;
const CONFIRMED_FOR_MS = 3000;

/** The lock of one avatar's voice. */
export class AudioLock {
  private readonly rtp = new RtpClock();
  private readonly playout = playoutMeter();
  private readonly jitter = jitterBufferMeter();
  private readonly byRtp = new EnvelopeRing();
  private readonly byPull = new EnvelopeRing();
  private readonly monitor = new OffsetMonitor();
  private pending: { pull: number; rms: number }[] = [];
  private arrivals: { at: number; origin: number }[] = [];
  private anchors = new WeakMap<Round, RoundAnchor>();
  /** RTP ms minus track ms, for the session; NaN before the first lock. */
  private session = Number.NaN;
  private sessionCount = 0;
  private confirmedAt = Number.NEGATIVE_INFINITY;
  private correlation = Number.NaN;
  /** Correlations in a row that were no use. */
  private misses = 0;
  private updatedAt = Number.NEGATIVE_INFINITY;

  /** @param onHop - called about 120 ms after the pull with each loudness step and when it is heard */
  constructor(private readonly onHop: HopListener = () => undefined) {}

  /** Forgets the audio side: another track, another stream. What motion said stays. */
  resetAudio(): void {
    this.byRtp.clear();
    this.byPull.clear();
    this.pending = [];
    this.anchors = new WeakMap();
    this.session = Number.NaN;
    this.sessionCount = 0;
    this.misses = 0;
    this.confirmedAt = Number.NEGATIVE_INFINITY;
    this.playout.reset();
    this.jitter.reset();
    this.monitor.clear();
  }

  /** Forgets the motion side too: the avatar's track began anew. */
  reset(): void {
    this.resetAudio();
    this.arrivals = [];
  }

  /** A synchronization source as polled at `seen`. */
  pushSource(seen: number, source: number, rtpTimestamp: number, pull: number): void {
    if (this.rtp.push(seen, source, rtpTimestamp, pull) === "reset") this.resetAudio();
  }

  /** media-playout: totalPlayoutDelay in seconds and totalSamplesCount. */
  pushPlayout(now: number, seconds: number, samples: number): void {
    this.playout.push(now, seconds, samples);
  }

  /** inbound-rtp: jitterBufferDelay in seconds and jitterBufferEmittedCount. */
  pushJitterBuffer(now: number, seconds: number, emitted: number): void {
    this.jitter.push(now, seconds, emitted);
  }

  /** A loudness step pulled at `pull`. */
  pushHop(pull: number, rms: number, now: number): void {
    this.byPull.put(pull, rms);
    this.pending.push({ pull, rms });
    // Y at a pull time is known well only when the polls after it have come in.
    while (this.pending.length > 0 && (this.pending[0]?.pull ?? now) < now - SETTLE_MS) {
      const hop = this.pending.shift();
      if (!hop) break;
      const y = this.rtp.at(hop.pull);
      if (!Number.isNaN(y)) this.byRtp.put(hop.pull - y, hop.rms);
      const track = this.trackAtPull(hop.pull, y);
      if (!Number.isNaN(track)) this.onHop(track, hop.pull + this.playout.ms, hop.rms);
    }
  }

  /** Motion for track time `trackMs` arrived at `now`. */
  pushArrival(now: number, trackMs: number): void {
    this.arrivals.push({ at: now, origin: now - trackMs });
    while (this.arrivals.length > 1 && (this.arrivals[0]?.at ?? now) < now - ARRIVAL_WINDOW_MS) this.arrivals.shift();
  }

  /** Measures again, at most every 100 ms. Call it as often as you like. */
  update(now: number, rounds: readonly Round[]): void {
    if (now - this.updatedAt < UPDATE_MS || Number.isNaN(this.rtp.y)) return;
    this.updatedAt = now;
    const origin = this.origin();
    if (Number.isNaN(origin)) return;
    const newest = this.byRtp.newest * HOP_MS;
    for (const round of rounds.toReversed()) {
      const guess = Number.isNaN(this.session) ? origin - this.rtp.y : this.session;
      const span = lastEnergies(round, newest - guess, ANCHOR_FRAMES);
      if (!span) continue;
      this.anchor(round, span, origin, now);
      this.monitor.measure(now, this.byPull, round, this.playout.ms);
      return;
    }
  }

  /** Track milliseconds heard at `at`; NaN while nothing at all is known. */
  heard(at: number): number {
    return this.trackAtPull(at - this.playout.ms, this.rtp.y);
  }

  /** Tells the monitor which track time the picture drawn at `at` belongs to. */
  drawn(at: number, trackMs: number): void {
    this.monitor.drawn(at, trackMs);
  }

  /** State and figures for the diagnostics. */
  diagnostics(now: number): LockDiagnostics {
    const anchored = !Number.isNaN(this.session);
    const fresh = now - this.confirmedAt < CONFIRMED_FOR_MS;
    return {
      state: anchored ? (fresh ? "locked" : "prior") : "model",
      offsetMs: this.monitor.figures(),
      playoutMs: this.playout.ms,
      correlation: this.correlation,
    };
  }

  /** Track time of what leaves the jitter buffer at `pull`. */
  private trackAtPull(pull: number, y: number): number {
    if (!Number.isNaN(this.session) && !Number.isNaN(y)) return pull - y - this.session;
    return pull - this.origin() - this.jitter.ms;
  }

  /** Least arrival time minus track time of late; what the network can do at its best. */
  private origin(): number {
    if (this.arrivals.length === 0) return Number.NaN;
    let least = Number.POSITIVE_INFINITY;
    for (const arrival of this.arrivals) least = Math.min(least, arrival.origin);
    return least;
  }

  /** Looks around the round's anchor; everywhere while it has none, or when it fits no more. */
  private search(span: EnergySpan, anchor: RoundAnchor, origin: number): LagMatch | null {
    if (!Number.isNaN(anchor.lag) && this.misses < MISSES_TOLERATED) {
      return correlate(this.byRtp, span, anchor.lag - SEARCH_NEAR_MS, anchor.lag + SEARCH_NEAR_MS);
    }
    let from = origin - SEARCH_BEFORE_MS - this.rtp.y;
    let to = origin + SEARCH_AFTER_MS - this.rtp.y;
    if (!Number.isNaN(this.session)) {
      from = Math.min(from, this.session - SEARCH_NEAR_MS);
      to = Math.max(to, this.session + SEARCH_NEAR_MS);
    }
    return correlate(this.byRtp, span, from, to);
  }

  private anchor(round: Round, span: EnergySpan, origin: number, now: number): void {
    let anchor = this.anchors.get(round);
    if (!anchor) {
      anchor = new RoundAnchor();
      this.anchors.set(round, anchor);
    }
    const match = this.search(span, anchor, origin);
    if (!match) return;
    this.correlation = match.r;
    const used = anchor.update(match, this.session);
    this.misses = used ? 0 : this.misses + 1;
    if (Number.isNaN(anchor.lag) || match.r < 0.8) return;
    if (used) this.confirmedAt = now;
    const error = anchor.lag - this.session;
    if (Number.isNaN(error) || Math.abs(error) > STEP_MS) {
      this.session = anchor.lag;
      this.sessionCount = 1;
    } else {
      this.sessionCount += 1;
      this.session += error * Math.max(0.05, 1 / this.sessionCount);
    }
  }
}

/**
 * The last `frames` energies of a round that lie wholly before track time `untilMs`; null if fewer than a correlation
 * needs, or if the round ended so long before that nothing of it is in the window.
 */
export function lastEnergies(round: Round, untilMs: number, frames: number): EnergySpan | null {
  if (!round.placed || Number.isNaN(untilMs)) return null;
  const { media, paused } = round.at(untilMs);
  const end = Math.min(Math.floor(media / FRAME_MS), round.newest + 1, round.frameCount ?? Number.POSITIVE_INFINITY);
  if (paused || media / FRAME_MS - end > frames) return null;
  // Within one stretch only: across a pause the frames are not 20 ms apart.
  const startMs = round.frameToTrack(end);
  let begin = end;
  while (begin > 0 && end - begin < frames && round.frameToTrack(begin) === startMs - (end - begin) * FRAME_MS) begin--;
  if (end - begin < MIN_FRAMES) return null;
  const amplitudes = new Float32Array(end - begin);
  for (let k = begin; k < end; k++) {
    const energy = round.energy(k);
    amplitudes[k - begin] = energy < 0 ? Number.NaN : energyToAmplitude(energy);
  }
  return { startMs: startMs - (end - begin) * FRAME_MS, amplitudes };
}
