import { describe, expect, it } from "vitest";
import { Quality } from "./quality";

/** Feeds pictures that take `ms(ratio)` each for a time; returns the ratio at the end. */
function run(quality: Quality, from: number, seconds: number, ms: (ratio: number) => number): { ratio: number; now: number; changes: number } {
  let now = from;
  let changes = 0;
  while (now < from + seconds * 1000) {
    now += ms(quality.ratio);
    if (quality.frame(now)) changes++;
  }
  return { ratio: quality.ratio, now, changes };
}

describe("Quality", () => {
  it("draws every device pixel on a GPU from the start, but never more than two per CSS pixel", () => {
    expect(new Quality(1.5, false, 1e6).ratio).toBe(1.5);
    expect(new Quality(3, false, 1e6).ratio).toBe(2);
  });

  it("starts small on a processor", () => {
    expect(new Quality(1, true, 900 * 900).ratio).toBeLessThanOrEqual(0.8);
    expect(new Quality(1, true, 300 * 300).ratio).toBe(1);
  });

  it("finds the size that holds 25 pictures a second and stays there", () => {
    const quality = new Quality(1, true, 600 * 600);
    const cost = (ratio: number): number => Math.max(30, 50 * ratio * ratio);
    const settled = run(quality, 0, 30, cost);
    expect(cost(settled.ratio)).toBeLessThan(39);
    const later = run(quality, settled.now, 60, cost);
    expect(later.changes).toBeLessThanOrEqual(6);
    expect(cost(later.ratio)).toBeLessThan(42);
  });

  it("goes to the smallest size when nothing else is fast enough", () => {
    expect(run(new Quality(2, false, 1e6), 0, 20, () => 90).ratio).toBe(0.5);
  });

  it("takes a pause for a pause, not for slowness", () => {
    const quality = new Quality(1, false, 1e6);
    let now = 0;
    for (let i = 0; i < 200; i++) {
      now += i % 5 === 0 ? 5000 : 16;
      expect(quality.frame(now)).toBe(false);
    }
    expect(quality.ratio).toBe(1);
  });
});
