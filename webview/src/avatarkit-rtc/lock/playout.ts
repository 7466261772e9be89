/**
 * Delays that WebRTC statistics give as two growing sums: seconds of delay over all samples, and samples.
 */

/** Mean delay of the last second, from cumulated sums. */
export class DelayMeter {
  private readings: { at: number; seconds: number; count: number }[] = [];

  /**
   * @param initialMs - answer until two readings with progress between them came
   * @param trimMs - taken off the measured delay
   */
  constructor(
    private readonly initialMs: number,
    private readonly trimMs = 0,
  ) {
    this.ms = initialMs;
  }

  /** The delay in ms. */
  ms: number;
  /** The delay was measured, not assumed. */
  measured = false;

  /** Takes the sums as they stand: `seconds` of delay over `count` samples. */
  push(now: number, seconds: number, count: number): void {
    const newest = this.readings.at(-1);
    if (newest && count < newest.count) this.readings = [];
    this.readings.push({ at: now, seconds, count });
    while (this.readings.length > 2 && (this.readings[1]?.at ?? now) <= now - 1000) this.readings.shift();
    const first = this.readings[0];
    if (!first || count <= first.count) return;
    this.ms = Math.max(0, ((seconds - first.seconds) / (count - first.count)) * 1000 - this.trimMs);
    this.measured = true;
  }

  /** Back to the assumption. */
  reset(): void {
    this.readings = [];
    this.ms = this.initialMs;
    this.measured = false;
  }
}

/**
 * Delay from the pull out of the jitter buffer to the loudspeaker: media-playout statistics. Chromium states about
 * 9 ms more than a recording of the loudspeaker says.
 */
export function playoutMeter(): DelayMeter {
  return new DelayMeter(31, 9);
}

/** Time in the jitter buffer, of inbound-rtp statistics. Used only while nothing better is known. */
export function jitterBufferMeter(): DelayMeter {
  return new DelayMeter(80);
}
