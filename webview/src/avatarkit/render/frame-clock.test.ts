import { describe, expect, it } from "vitest";
import { FrameClock } from "./frame-clock";

describe("FrameClock", () => {
  it("says how many pictures came, and how late the late ones were", () => {
    const clock = new FrameClock();
    let now = 500;
    clock.tick(now);
    // Nine of ten in time, every tenth much later.
    for (let i = 1; i <= 40; i++) clock.tick((now += i % 10 === 0 ? 100 : 33));
    expect(clock.fps).toBeGreaterThan(24);
    expect(clock.fps).toBeLessThan(26.5);
    expect(clock.p95Ms).toBe(100);
  });

  it("counts no pause", () => {
    const clock = new FrameClock();
    let now = 0;
    for (let i = 0; i < 40; i++) clock.tick((now += 33));
    clock.tick((now += 60_000));
    for (let i = 0; i < 40; i++) clock.tick((now += 33));
    expect(clock.p95Ms).toBe(33);
    expect(clock.fps).toBeCloseTo(1000 / 33, 5);
  });
});
