/**
 * The fine clock of the avatar's voice: which RTP time leaves the jitter buffer when.
 *
 * `getSynchronizationSources()` names the RTP time stamp of the packet pulled last and the time of the pull. Their
 * difference Y = pull − rtp is constant as long as the jitter buffer is steady, and moves at once when it is not.
 */
import { median } from "./statistics";

/** RTP ticks per millisecond of Opus. */
const TICKS_PER_MS = 48;
/** A jump beyond this is another stream, not a pause. */
const RESET_TICKS = 30_000 * TICKS_PER_MS;
const HISTORY_MS = 8000;

/** Pulls of one RTP stream. Times in performance.now() ms. */
export class RtpClock {
  private recent: { seen: number; y: number; ticks: number }[] = [];
  private history: { pull: number; y: number }[] = [];
  private last = 0;
  private ticks = 0;
  private source: number | null = null;

  constructor(private readonly windowMs = 200) {}

  /** Pull time minus RTP time in ms, median of the last 200 ms; NaN before the first packet. */
  y = Number.NaN;

  /**
   * Takes what a poll saw.
   *
   * @param seen - time of the poll
   * @param source - SSRC
   * @param rtp - 32-bit RTP time stamp, 48 kHz
   * @param pull - time of the pull
   * @returns `reset` if this is another stream than before: whatever was learned of the old one is void
   */
  push(seen: number, source: number, rtp: number, pull: number): "new" | "same" | "reset" {
    const step = (rtp - this.last) | 0;
    const reset = this.source !== null && (source !== this.source || Math.abs(step) > RESET_TICKS);
    if (reset || this.source === null) this.restart(source, rtp);
    else this.ticks += step;
    this.last = rtp;
    // A packet is pulled in two halves of 10 ms; only the first half's time belongs to the stamp.
    if (this.recent.at(-1)?.ticks === this.ticks) return reset ? "reset" : "same";
    this.recent.push({ seen, y: pull - this.ticks / TICKS_PER_MS, ticks: this.ticks });
    while (this.recent.length > 2 && (this.recent[0]?.seen ?? 0) < seen - this.windowMs) this.recent.shift();
    this.y = median(this.recent.map((entry) => entry.y));
    this.history.push({ pull, y: this.y });
    while ((this.history[0]?.pull ?? pull) < pull - HISTORY_MS) this.history.shift();
    return reset ? "reset" : "new";
  }

  /** Y as it was at a pull time; looks ahead by half the median's window where that is known already. */
  at(pull: number): number {
    const until = pull + this.windowMs / 2;
    for (let i = this.history.length - 1; i >= 0; i--) {
      const entry = this.history[i];
      if (entry && entry.pull <= until) return entry.y;
    }
    return this.history[0]?.y ?? Number.NaN;
  }

  private restart(source: number, rtp: number): void {
    this.source = source;
    this.ticks = rtp >>> 0;
    this.recent = [];
    this.history = [];
    this.y = Number.NaN;
  }
}
