/** When and how the lids close. */
import type { Random } from "./random";

const CLOSE = 0.06;
const HOLD = 0.05;
const OPEN = 0.13;
const LENGTH = CLOSE + HOLD + OPEN;
const DOUBLE_BLINK = 0.15;

function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** Lids' closure over the time since a blink began (s): 50 ms shut, a short hold, 130 ms to open. */
export function blinkCurve(seconds: number): number {
  if (seconds <= 0 || seconds >= LENGTH) return 0;
  if (seconds < CLOSE) return ease(seconds / CLOSE);
  if (seconds < CLOSE + HOLD) return 1;
  return ease((LENGTH - seconds) / OPEN);
}

/** Blinks every few seconds, sometimes twice, and with large shifts of the gaze. */
export class Blink {
  private start = Number.NEGATIVE_INFINITY;
  private next: number | null = null;

  constructor(private readonly random: Random) {}

  /**
   * Closure 0..1 at `now` (s).
   *
   * @param pause - mean seconds between blinks
   */
  at(now: number, pause: number): number {
    this.next ??= now + this.random.between(0.6, pause);
    if (now >= this.next) {
      this.start = now;
      const twice = this.random.chance(DOUBLE_BLINK);
      const rest = Math.min(8, Math.max(1, pause + this.random.bell() * pause * 0.45));
      this.next = now + LENGTH + (twice ? 0.08 : rest);
    }
    return blinkCurve(now - this.start);
  }

  /** The gaze moved far: blink along, unless one just ended. */
  withGaze(now: number): void {
    if (now - this.start > 1) this.next = now;
  }
}
