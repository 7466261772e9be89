/** Chooses how many pixels to draw, from the time between pictures: drawing, reading back and compositing together. */

/** Sharpness steps, in drawn pixels per CSS pixel. */
const STEPS = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2] as const;
/** Pictures this far apart are too slow: 25 a second have to hold. */
const SLOW_MS = 39;
/** Anything longer is a pause (hidden tab, debugger), not slowness. */
const PAUSE_MS = 400;
const WINDOW = 14;
const FIRST_PROBE_MS = 4000;
const LONGEST_PROBE_MS = 64_000;

/** Pixels a software rasteriser is asked for at first. */
const SOFTWARE_PIXELS = 660 * 660;

/**
 * Adaptive resolution. Steps down when pictures come late, and up again after a quiet time; a step up that failed
 * doubles the time to the next try.
 */
export class Quality {
  private level: number;
  private readonly top: number;
  private last = Number.NaN;
  private mean = 0;
  private samples = 0;
  private quietSince = Number.NaN;
  private probe = FIRST_PROBE_MS;
  private raised = false;

  /**
   * @param devicePixelRatio - the screen's; nothing sharper is drawn, nor sharper than 2
   * @param software - a processor draws: start small
   * @param area - CSS pixels to fill
   */
  constructor(devicePixelRatio: number, software: boolean, area: number) {
    const cap = Math.min(2, Math.max(1, devicePixelRatio));
    this.top = STEPS.reduce((best, step, index) => (step <= cap + 1e-6 ? index : best), 0);
    this.level = this.top;
    if (software) while (this.level > 0 && this.ratio ** 2 * area > SOFTWARE_PIXELS) this.level--;
  }

  /** Drawn pixels per CSS pixel. */
  get ratio(): number {
    return STEPS[this.level] ?? 1;
  }

  /** Tells that a picture was drawn at `now` (ms). Returns true if the ratio changed. */
  frame(now: number): boolean {
    const took = now - this.last;
    this.last = now;
    if (!(took > 0) || took > PAUSE_MS) {
      this.restart(now);
      return false;
    }
    this.samples++;
    this.mean += (took - this.mean) / Math.min(this.samples, WINDOW);
    if (this.samples < WINDOW) return false;
    if (this.mean > SLOW_MS) return this.lower(now);
    if (now - this.quietSince >= this.probe) return this.raise(now);
    return false;
  }

  private lower(now: number): boolean {
    if (this.raised) this.probe = Math.min(LONGEST_PROBE_MS, this.probe * 2);
    this.raised = false;
    // Far too slow: two steps at once.
    const steps = this.mean > SLOW_MS * 1.6 ? 2 : 1;
    const before = this.level;
    this.level = Math.max(0, this.level - steps);
    this.restart(now);
    return this.level !== before;
  }

  private raise(now: number): boolean {
    this.restart(now);
    if (this.level >= this.top) return false;
    this.level++;
    this.raised = true;
    return true;
  }

  private restart(now: number): void {
    this.samples = 0;
    this.mean = 0;
    this.quietSince = now;
  }
}
