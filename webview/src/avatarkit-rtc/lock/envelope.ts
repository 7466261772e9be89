/**
 * The loudness of the avatar's voice in steps of 2.5 ms, tapped where it leaves the jitter buffer.
 */
import { median } from "./statistics";
import { TimeBase } from "./timebase";

/** Milliseconds of one envelope step. */
export const HOP_MS = 2.5;
/** Steps in one motion frame of 20 ms. */
export const HOPS_PER_FRAME = 8;
/** Steps that must be there for a frame's loudness to count; packets may be missing. */
const HOPS_NEEDED = 6;

/** A ring of loudness on a grid of {@link HOP_MS} on some time axis in ms. About 20 s by default. */
export class EnvelopeRing {
  private readonly power: Float32Array;
  private readonly index: Float64Array;
  /** Newest grid index; −Infinity while empty. */
  newest = Number.NEGATIVE_INFINITY;

  constructor(private readonly size = 8192) {
    this.power = new Float32Array(size);
    this.index = new Float64Array(size).fill(Number.NaN);
  }

  /** Stores an RMS amplitude at `x` ms. A step left out just before, by rounding, takes the same value. */
  put(x: number, rms: number): void {
    const i = Math.round(x / HOP_MS);
    this.store(i, rms * rms);
    const before = this.slot(i - 1);
    if (this.index[before] !== i - 1) this.store(i - 1, rms * rms);
    if (i > this.newest) this.newest = i;
  }

  /** RMS over the 20 ms from grid index `i`; NaN where too little is known. */
  frame(i: number): number {
    let sum = 0;
    let count = 0;
    for (let j = i; j < i + HOPS_PER_FRAME; j++) {
      const slot = this.slot(j);
      if (this.index[slot] !== j) continue;
      sum += this.power[slot] ?? 0;
      count += 1;
    }
    return count >= HOPS_NEEDED ? Math.sqrt(sum / count) : Number.NaN;
  }

  /** Forgets everything. */
  clear(): void {
    this.index.fill(Number.NaN);
    this.newest = Number.NEGATIVE_INFINITY;
  }

  private slot(i: number): number {
    return ((i % this.size) + this.size) % this.size;
  }

  private store(i: number, power: number): void {
    this.power[this.slot(i)] = power;
    this.index[this.slot(i)] = i;
  }
}

/**
 * Pull times of audio blocks. The blocks' own stamps come in bursts (two pulls together), so samples are counted, and
 * the count is pinned to the median of the stamps over 2 s.
 */
export class PullClock {
  private counted = 0;
  private pin = Number.NaN;
  private stamps: { at: number; offset: number }[] = [];
  private sincePin = 0;

  /** Page time of the block's first sample. `stamp` and `now` in performance.now() ms. */
  block(stamp: number, now: number, durationMs: number): number {
    const offset = stamp - this.counted;
    this.stamps.push({ at: now, offset });
    while (this.stamps.length > 1 && (this.stamps[0]?.at ?? now) < now - 2000) this.stamps.shift();
    this.sincePin += 1;
    // 60 ms off is no burst: blocks were dropped, or the track paused. Then only the newest stamps count.
    if (Math.abs(offset - this.pin) > 60) {
      const newest = this.stamps.slice(-3);
      this.pin = median(newest.map((entry) => entry.offset));
      if (newest.length === 3 && newest.every((entry) => Math.abs(entry.offset - this.pin) < 30)) this.stamps = newest;
      this.sincePin = 0;
    } else if (Number.isNaN(this.pin) || this.sincePin >= 10 || this.stamps.length < 20) {
      this.pin = median(this.stamps.map((entry) => entry.offset));
      this.sincePin = 0;
    }
    const at = this.counted + this.pin;
    this.counted += durationMs;
    return at;
  }
}

/** Turns blocks of samples into loudness steps with their pull times. */
export class EnvelopeTap {
  private readonly clock = new PullClock();
  private readonly base = new TimeBase();
  private sum = 0;
  private filled = 0;

  /** @param onHop - called with the pull time (performance.now() ms) and RMS amplitude of each step */
  constructor(private readonly onHop: (pull: number, rms: number) => void) {}

  /**
   * Takes one block of mono samples.
   *
   * @param stampMs - the block's time stamp, in ms of whatever clock the browser uses
   */
  push(samples: Float32Array, sampleRate: number, stampMs: number, now: number): void {
    const start = this.clock.block(this.base.toPage(stampMs, now), now, (samples.length / sampleRate) * 1000);
    const hop = Math.max(1, Math.round((sampleRate * HOP_MS) / 1000));
    for (let i = 0; i < samples.length; i++) {
      const value = samples[i] ?? 0;
      this.sum += value * value;
      this.filled += 1;
      if (this.filled < hop) continue;
      this.onHop(start + ((i + 1 - hop) / sampleRate) * 1000, Math.sqrt(this.sum / hop));
      this.sum = 0;
      this.filled = 0;
    }
  }
}
