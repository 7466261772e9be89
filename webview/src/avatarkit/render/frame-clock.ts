/** Frames per second and the cost of a frame. */
export class FrameClock {
  meanMs = 0;
  private begun = 0;
  private windowStart = Number.NaN;
  private count = 0;
  private rate = 0;

  /** @param now - milliseconds, for the cost of a frame */
  constructor(private readonly now: () => number) {}

  /** Frames in the last full second. */
  get fps(): number {
    return this.rate;
  }

  /** A picture for the time stamp `at` (ms) begins. */
  begin(at: number): void {
    this.begun = this.now();
    const elapsed = at - this.windowStart;
    if (!(elapsed >= 0)) this.windowStart = at;
    else if (elapsed >= 1000) {
      this.rate = (this.count * 1000) / elapsed;
      this.windowStart = at;
      this.count = 0;
    }
    this.count++;
  }

  /** The picture was handed to the GPU. */
  end(): void {
    this.meanMs += (this.now() - this.begun - this.meanMs) * 0.1;
  }
}
