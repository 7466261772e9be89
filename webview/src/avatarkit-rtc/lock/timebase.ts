/**
 * Brings time stamps of another clock to performance.now().
 *
 * Chromium's media time stamps count from the epoch (synchronization sources), from the page's start, or from the
 * machine's start (MediaStreamTrackProcessor in Chromium 156 and 140). A stamp can't lie in the future, and the
 * freshest ones are less than a millisecond old when seen; so the offset is the smallest age seen lately.
 */
export class TimeBase {
  private readonly windowMs: number;
  private samples: { at: number; offset: number }[] = [];

  constructor(windowMs = 10_000) {
    this.windowMs = windowMs;
  }

  /** The stamp in performance.now() milliseconds, learning from it on the way. */
  toPage(stamp: number, now: number): number {
    const offset = now - stamp;
    const newest = this.samples.at(-1);
    // A stamp half a second off is another base (the clock was set, the track replaced), not a slow reader.
    if (newest && Math.abs(offset - newest.offset) > 500) this.samples = [];
    // Only candidates for a future minimum stay: offsets rise along the list.
    while (this.samples.length > 0 && (this.samples.at(-1)?.offset ?? 0) >= offset) this.samples.pop();
    this.samples.push({ at: now, offset });
    while (this.samples.length > 1 && (this.samples[0]?.at ?? 0) < now - this.windowMs) this.samples.shift();
    return stamp + (this.samples[0]?.offset ?? offset);
  }
}
