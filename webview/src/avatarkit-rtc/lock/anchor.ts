/**
 * The coarse truth: at which lag the loudness heard looks like the loudness the messages announced.
 *
 * Pearson correlation between the square roots of both (so that loud vowels don't rule alone), over a range of lags,
 * with the gates that keep a round's onset from locking a quarter of a second off.
 */
import { type EnvelopeRing, HOP_MS, HOPS_PER_FRAME } from "./envelope";
import { median } from "./statistics";

/** Announced loudness: amplitudes of consecutive frames, NaN where a frame's energy never came. */
export interface EnergySpan {
  /** Track milliseconds of the first frame. */
  readonly startMs: number;
  readonly amplitudes: Float32Array;
}

/** The best lag of one correlation. */
export interface LagMatch {
  /** Axis time minus track time, in ms. */
  readonly lag: number;
  /** Pearson r there. */
  readonly r: number;
  /** Best r further than 60 ms away. */
  readonly second: number;
  /** Frames compared. */
  readonly frames: number;
  /** The best lag lies at the border of the range, so the true one may lie outside. */
  readonly edge: boolean;
}

/** Frames a correlation needs. */
export const MIN_FRAMES = 12;
const RIVAL_HOPS = 24;

/**
 * Correlates announced loudness with heard loudness for lags in [from, to] ms. Null if there is too little of either,
 * or one of them is flat (silence has no shape).
 */
export function correlate(ring: EnvelopeRing, span: EnergySpan, from: number, to: number): LagMatch | null {
  const grid = Math.round(span.startMs / HOP_MS);
  const remainder = span.startMs - grid * HOP_MS;
  const first = Math.floor(from / HOP_MS);
  const last = Math.ceil(to / HOP_MS);
  const known: number[] = [];
  const announced: number[] = [];
  for (const [k, amplitude] of span.amplitudes.entries()) {
    if (Number.isNaN(amplitude)) continue;
    known.push(grid + k * HOPS_PER_FRAME);
    announced.push(Math.sqrt(amplitude));
  }
  if (known.length < MIN_FRAMES || last <= first) return null;
  const low = grid + first;
  const heard = new Float64Array(last - first + span.amplitudes.length * HOPS_PER_FRAME + 1);
  for (let i = 0; i < heard.length; i++) heard[i] = Math.sqrt(ring.frame(low + i));
  const r: number[] = [];
  let best = -1;
  for (let lag = first; lag <= last; lag++) {
    r.push(pearson(announced, heard, known, lag - low));
    if (best < 0 || (r.at(-1) ?? -1) > (r[best] ?? -1)) best = r.length - 1;
  }
  const peak = r[best] ?? -1;
  if (peak < 0) return null;
  let second = -1;
  for (let i = 0; i < r.length; i++) {
    if (Math.abs(i - best) > RIVAL_HOPS) second = Math.max(second, r[i] ?? -1);
  }
  return {
    lag: (first + best + vertex(r[best - 1], peak, r[best + 1])) * HOP_MS - remainder,
    r: peak,
    second,
    frames: known.length,
    edge: best < 2 || best > r.length - 3,
  };
}

/** r of the announced values against those heard at `at[k] + offset`; −1 if there is too little or no variance. */
function pearson(announced: readonly number[], heard: Float64Array, at: readonly number[], offset: number): number {
  let n = 0;
  let sx = 0;
  let sy = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  // Runs some ten thousand times per correlation: no iterators here.
  for (let k = 0; k < announced.length; k++) {
    const x = announced[k] ?? 0;
    const y = heard[(at[k] ?? 0) + offset] ?? Number.NaN;
    if (Number.isNaN(y)) continue;
    n += 1;
    sx += x;
    sy += y;
    xx += x * x;
    yy += y * y;
    xy += x * y;
  }
  if (n < Math.max(MIN_FRAMES, 0.6 * announced.length)) return -1;
  const vx = xx - (sx * sx) / n;
  const vy = yy - (sy * sy) / n;
  if (vx <= 1e-4 * n || vy <= 1e-4 * n) return -1;
  return (xy - (sx * sy) / n) / Math.sqrt(vx * vy);
}

/** Offset of a parabola's vertex through three neighbours, in steps; 0 where it can't be drawn. */
function vertex(left: number | undefined, middle: number, right: number | undefined): number {
  if (left === undefined || right === undefined || left <= -1 || right <= -1) return 0;
  const curvature = left - 2 * middle + right;
  return curvature < 0 ? (0.5 * (left - right)) / curvature : 0;
}

/** A lag further off than this is not a small correction. */
const TRACK_MS = 12;
/** Results this close to one another confirm each other. */
const AGREE_MS = 8;
/** A first result this close to the prior is believed at once. */
const NEAR_MS = 40;

/** The lag of one round, measured again and again. */
export class RoundAnchor {
  /** Lag in ms; NaN before the round is anchored. */
  lag = Number.NaN;
  private count = 0;
  private candidates: number[] = [];

  /**
   * Takes a correlation's result.
   *
   * @param prior - the lag expected from the session so far, or NaN
   * @returns true if the result was good enough to be used
   */
  update(match: LagMatch, prior: number): boolean {
    if (match.edge || match.r < 0.75 || match.r - match.second < 0.03) return false;
    if (Number.isNaN(this.lag)) return this.acquire(match, prior);
    const error = match.lag - this.lag;
    if (Math.abs(error) <= TRACK_MS) {
      this.count += 1;
      this.lag += error * Math.max(0.25, 1 / this.count);
      this.candidates = [];
      return true;
    }
    this.candidates = [...this.candidates.slice(-2), match.lag];
    if (this.candidates.length < 3 || Math.max(...this.candidates) - Math.min(...this.candidates) >= AGREE_MS) {
      return false;
    }
    this.settle(median(this.candidates));
    return true;
  }

  private acquire(match: LagMatch, prior: number): boolean {
    if (Math.abs(match.lag - prior) < NEAR_MS) {
      this.settle(match.lag);
      return true;
    }
    // Away from what is expected, or with nothing to expect: a round's onset alone fits at many lags.
    const needed = Number.isNaN(prior) ? 25 : 45;
    if (match.frames < needed || match.r < 0.85 || match.r - match.second < 0.1) return false;
    const before = this.candidates.at(-1);
    this.candidates = [...this.candidates.slice(-2), match.lag];
    if (before === undefined || Math.abs(match.lag - before) >= AGREE_MS) return false;
    this.settle(match.lag);
    return true;
  }

  private settle(lag: number): void {
    this.lag = lag;
    this.count = 1;
    this.candidates = [];
  }
}

/** Window of frames an anchor looks at: 1.5 s. */
export const ANCHOR_FRAMES = 75;
