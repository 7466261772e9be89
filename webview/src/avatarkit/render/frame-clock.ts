/** Pictures per second and the time between them, as the viewer gets them. */

/** Anything longer is a pause (hidden tab, debugger), not slowness. */
const PAUSE_MS = 1000;

/**
 * Counts in windows of a second. What is measured is the time from one picture to the next: handing a picture over
 * takes next to nothing, and drawing, reading back and compositing, which come after, hold up the next one.
 */
export class FrameClock {
  /** Pictures a second in the last full window. */
  fps = 0;
  /** 95 of 100 pictures of the last full window came within this time after the one before, ms. */
  p95Ms = 0;
  private last = Number.NaN;
  private windowStart = Number.NaN;
  private intervals: number[] = [];

  /** A picture is drawn at `at` (ms). */
  tick(at: number): void {
    const took = at - this.last;
    this.last = at;
    if (!(took >= 0) || took > PAUSE_MS) {
      this.windowStart = at;
      this.intervals = [];
      return;
    }
    this.intervals.push(took);
    const elapsed = at - this.windowStart;
    if (elapsed < 1000) return;
    this.fps = (this.intervals.length * 1000) / elapsed;
    this.p95Ms = nearestRank(this.intervals, 0.95);
    this.windowStart = at;
    this.intervals = [];
  }
}

function nearestRank(values: number[], part: number): number {
  values.sort((a, b) => a - b);
  return values[Math.max(0, Math.ceil(values.length * part) - 1)] ?? 0;
}
