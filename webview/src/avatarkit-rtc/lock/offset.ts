/**
 * How far the picture is from the sound, measured by other means than the lock steers by: a short correlation against
 * the envelope in the domain of pull times, which knows nothing of RTP or of anchors.
 */
import type { Round } from "../motion/round";
import { correlate } from "./anchor";
import { type EnvelopeRing, HOP_MS } from "./envelope";
import { lastEnergies } from "./heard";
import { quantile } from "./statistics";

/** Offsets of late; NaN while n is 0. */
export interface OffsetFigures {
  readonly p50: number;
  /** 95th percentile of the absolute values. */
  readonly p95Abs: number;
  readonly n: number;
}

const WINDOW_FRAMES = 30;
const SEARCH_MS = 150;
const KEEP = 3000;

/** Collects offsets, positive = picture ahead of sound. */
export class OffsetMonitor {
  private values: number[] = [];
  private lastDrawn: { at: number; trackMs: number } | null = null;

  /** The picture drawn at `at` belongs to track time `trackMs`. */
  drawn(at: number, trackMs: number): void {
    this.lastDrawn = { at, trackMs };
  }

  /** Takes one sample, if a picture was drawn of late and the correlation is clear. */
  measure(now: number, byPull: EnvelopeRing, round: Round, playoutMs: number): void {
    const drawn = this.lastDrawn;
    if (!drawn || now - drawn.at > 100) return;
    // If the picture is right, this track time leaves the jitter buffer now.
    const expected = drawn.at - playoutMs - drawn.trackMs;
    const newest = byPull.newest * HOP_MS;
    const span = lastEnergies(round, newest - expected - SEARCH_MS, WINDOW_FRAMES);
    if (!span || span.amplitudes.length < WINDOW_FRAMES) return;
    const match = correlate(byPull, span, expected - SEARCH_MS, expected + SEARCH_MS);
    if (!match || match.edge || match.r < 0.85 || match.r - match.second < 0.03) return;
    this.values.push(match.lag - expected);
    if (this.values.length > KEEP) this.values.shift();
  }

  /** Figures over everything collected since the last clear. */
  figures(): OffsetFigures {
    return {
      p50: quantile(this.values, 0.5),
      p95Abs: quantile(
        this.values.map((value) => Math.abs(value)),
        0.95,
      ),
      n: this.values.length,
    };
  }

  /** Forgets the samples. */
  clear(): void {
    this.values = [];
    this.lastDrawn = null;
  }
}
