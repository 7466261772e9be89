import { BufferGeometry } from "three";
import { describe, expect, it } from "vitest";
import type { HeadPart } from "./head-file";
import { Morph } from "./morph";

const part: HeadPart = {
  name: "p",
  material: "skin",
  index: new Uint16Array([0, 1, 2]),
  position: new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]),
  normal: new Float32Array([0, 0, 1, 0, 0, 1, 0, 0, 1]),
  colour: new Uint8Array(9),
  shade: new Uint8Array(12),
  tangent: null,
  targets: [
    { name: "a", index: new Uint16Array([1]), delta: new Float32Array([0, 2, 0, 0.5, 0, 0]) },
    { name: "b", index: new Uint16Array([1, 2]), delta: new Float32Array([0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0]) },
    { name: "unknown", index: new Uint16Array([0]), delta: new Float32Array(6).fill(9) },
  ],
};
const shapes = new Map([
  ["a", 0],
  ["b", 1],
]);

describe("Morph", () => {
  it("adds weighted displacements of all its shapes, and takes them back", () => {
    const geometry = new BufferGeometry();
    const morph = new Morph(part, geometry, shapes);
    expect(morph.apply(new Float32Array([0.5, 1]))).toBe(true);
    expect([...geometry.getAttribute("position").array]).toEqual([0, 0, 0, 1, 1, 1, 3, 1, 0]);
    expect(geometry.getAttribute("normal").array[3]).toBe(0.25);
    morph.apply(new Float32Array([0, 0]));
    expect([...geometry.getAttribute("position").array]).toEqual([...part.position]);
  });

  it("does nothing when nothing changed, so that nothing is uploaded", () => {
    const morph = new Morph(part, new BufferGeometry(), shapes);
    const weights = new Float32Array([0.3, 0]);
    expect(morph.apply(weights)).toBe(true);
    expect(morph.apply(weights)).toBe(false);
  });

  it("does not drift over an hour of frames", () => {
    const geometry = new BufferGeometry();
    const morph = new Morph(part, geometry, shapes);
    const weights = new Float32Array(2);
    for (let i = 0; i < 108_000; i++) {
      weights[0] = 0.5 + 0.5 * Math.sin(i * 0.37);
      weights[1] = 0.5 + 0.5 * Math.sin(i * 0.11);
      morph.apply(weights);
    }
    morph.apply(new Float32Array(2));
    for (const [i, value] of [...geometry.getAttribute("position").array].entries()) {
      expect(Math.abs(value - (part.position[i] ?? 0))).toBeLessThan(1e-3);
    }
  });
});
