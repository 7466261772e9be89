import { describe, expect, it } from "vitest";
import { blendInto, copyFrame, easeInOut, neutralFrame, transition } from "./frames";

const nod = () => ({ ...neutralFrame(), head: [0.2, -0.1, 0] as [number, number, number] });

describe("blending frames", () => {
  it("mixes weights and angles", () => {
    const [out, to] = [neutralFrame(), nod()];
    to.weights[17] = 0.8;
    blendInto(out, { ...neutralFrame(), head: [0, 0.1, 0] }, to, 0.5);
    expect(out.weights[17]).toBeCloseTo(0.4, 6);
    expect(out.head?.map((angle) => Number(angle.toFixed(6)))).toEqual([0.1, 0, 0]);
  });

  it("blends a head that only one frame has with straight ahead, and makes up none", () => {
    const out = neutralFrame();
    blendInto(out, neutralFrame(), nod(), 0.25);
    expect(out.head?.[0]).toBeCloseTo(0.05, 6);
    blendInto(out, nod(), neutralFrame(), 1);
    expect(out.head?.[0]).toBeCloseTo(0, 6);
    blendInto(out, neutralFrame(), neutralFrame(), 0.5);
    expect([out.head, out.gaze]).toEqual([null, null]);
  });

  it("copies, so that the original stays as it was", () => {
    const original = nod();
    const copy = copyFrame(original);
    copy.weights[0] = 1;
    if (copy.head) copy.head[0] = 1;
    expect([original.weights[0], original.head[0]]).toEqual([0, 0.2]);
  });

  it("leads to a target without reaching it, starting and ending gently", () => {
    const target = neutralFrame();
    target.weights[17] = 1;
    const jaws = [0, ...transition(neutralFrame(), target, 5).map((frame) => frame.weights[17] ?? -1), 1];
    const steps = jaws.slice(1).map((jaw, i) => jaw - (jaws[i] ?? 0));
    expect(Math.max(...steps)).toBe(steps[2]);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    expect([easeInOut(-1), easeInOut(0.5), easeInOut(2)]).toEqual([0, 0.5, 1]);
  });
});
