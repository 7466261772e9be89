import { describe, expect, it } from "vitest";
import { cleanConditions, FakeVoice } from "./fake-voice";
import { quantile } from "./statistics";

/** |error| at every animation frame of a stretch, 95th percentile. */
function p95(voice: FakeVoice, durationMs: number): number {
  const errors: number[] = [];
  voice.run(durationMs, () => errors.push(Math.abs(voice.error)));
  return quantile(errors, 0.95);
}

describe("the audio lock", () => {
  it("answers from the delay model at once and locks within a second of speech", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 6000);
    voice.run(800);
    expect(voice.lock.diagnostics(voice.now).state).toBe("model");
    expect(Math.abs(voice.error)).toBeLessThan(80);
    voice.run(1200);
    expect(voice.lock.diagnostics(voice.now).state).toBe("locked");
    expect(p95(voice, 4000)).toBeLessThan(6);
  });

  it("knows the next round's place before a sound of it is heard", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 4000);
    voice.speak(2, 6000, 4000);
    voice.run(5900);
    expect(voice.lock.diagnostics(voice.now).state).toBe("locked");
    expect(p95(voice, 4000)).toBeLessThan(6);
  });

  it("falls back to prior in silence and holds what it knows", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 3000);
    voice.run(12_000);
    expect(voice.lock.diagnostics(voice.now).state).toBe("prior");
    expect(Math.abs(voice.error)).toBeLessThan(6);
  });

  it("follows a step of the jitter buffer within a quarter of a second", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 12_000);
    voice.run(4000);
    voice.conditions.delayMs += 120;
    voice.run(300);
    expect(Math.abs(voice.error)).toBeLessThan(15);
    expect(p95(voice, 4000)).toBeLessThan(15);
  });

  it("holds through lost motion, lost audio and 30 ms of jitter", () => {
    const lossy = { ...cleanConditions(), motionLoss: 0.36, motionJitterMs: 30, audioLoss: 0.05, delayMs: 190 };
    const voice = new FakeVoice(lossy, 5);
    voice.speak(1, 500, 12_000);
    voice.run(2500);
    expect(p95(voice, 9000)).toBeLessThan(12);
  });

  it("follows a sender whose clock runs 300 ppm slow over a minute", () => {
    const voice = new FakeVoice({ ...cleanConditions(), drift: 0.3 }, 3);
    for (let i = 0; i < 6; i++) voice.speak(i + 1, 500 + i * 10_000, 8000);
    voice.run(3000);
    expect(p95(voice, 55_000)).toBeLessThan(10);
  });

  it("takes a late joiner's first second to lock, from the energies each message repeats", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, -5000, 12_000);
    voice.run(1500);
    expect(voice.lock.diagnostics(voice.now).state).toBe("locked");
    expect(p95(voice, 2000)).toBeLessThan(6);
  });

  it("starts over with a new stream", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 12_000);
    voice.run(4000);
    voice.conditions.ssrc = 8;
    voice.conditions.rtpBase = 12_345;
    voice.run(100);
    expect(voice.lock.diagnostics(voice.now).state).toBe("model");
    voice.run(1500);
    expect(voice.lock.diagnostics(voice.now).state).toBe("locked");
    expect(p95(voice, 3000)).toBeLessThan(6);
  });

  it("takes a real step of the track against RTP after it is confirmed", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 14_000);
    voice.run(4000);
    voice.conditions.rtpBase += 48 * 100;
    voice.run(3500);
    expect(p95(voice, 3000)).toBeLessThan(10);
  });

  it("stays confirmed when the jitter buffer grows to a second", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 16_000);
    voice.run(4000);
    voice.conditions.delayMs = 1100;
    voice.run(5000);
    expect(voice.lock.diagnostics(voice.now).state).toBe("locked");
    expect(p95(voice, 3000)).toBeLessThan(6);
  });

  it("does not lock on noise that has nothing to do with the announced speech", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 8000);
    let noise = 0;
    voice.run(8000, () => {
      // Another voice's loudness, written over what the track would have given.
      noise = (noise * 16807 + 11) % 2147483647;
      for (let i = 0; i < 8; i++) voice.lock.pushHop(voice.now - 20 + i * 2.5, (noise % 97) / 300, voice.now);
    });
    expect(voice.lock.diagnostics(voice.now).state).toBe("model");
  });

  it("measures its own offset with the opposite sign of a late picture", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 10_000);
    voice.run(9000, () => voice.lock.drawn(voice.now, voice.lock.heard(voice.now) - 40));
    const { offsetMs } = voice.lock.diagnostics(voice.now);
    expect(offsetMs.n).toBeGreaterThan(30);
    expect(offsetMs.p50).toBeGreaterThan(-48);
    expect(offsetMs.p50).toBeLessThan(-32);
  });

  it("says when each loudness step is heard", () => {
    const voice = new FakeVoice(cleanConditions());
    voice.speak(1, 500, 4000);
    voice.run(3000);
    const loud = voice.hops.filter((hop) => hop.rms > 0.004);
    const late = loud.at(-1);
    expect(late && Math.abs(voice.truth(late.heardAt) - late.trackMs)).toBeLessThan(8);
  });
});
