import { describe, expect, it } from "vitest";
import { eyePose, lipsApart, mouthLight, ShapeTable, type EyePose } from "./pose";
import { ARKIT_52, arkitIndex, type ArkitName } from "./types";

function weights(shapes: Partial<Record<ArkitName, number>>): Float32Array {
  const out = new Float32Array(ARKIT_52.length);
  for (const [name, value] of Object.entries(shapes)) out[arkitIndex(name as ArkitName)] = value;
  return out;
}

describe("ShapeTable", () => {
  it("drives an in-between most at half way and not at the ends", () => {
    const table = new ShapeTable([{ target: "eyeBlinkMidLeft", between: "eyeBlinkLeft" }]);
    const middle = table.byName.get("eyeBlinkMidLeft") ?? -1;
    const at = (w: number): number | undefined => {
      table.set(weights({ eyeBlinkLeft: w }));
      return table.weights[middle];
    };
    expect([at(0), at(0.5), at(1)]).toEqual([0, 1, 0]);
  });

  it("clamps weights to 0..1", () => {
    const table = new ShapeTable([]);
    table.set(weights({ jawOpen: 1.7, mouthPucker: -0.4 }));
    expect(table.weights[arkitIndex("jawOpen")]).toBe(1);
    expect(table.weights[arkitIndex("mouthPucker")]).toBe(0);
  });
});

describe("eyePose", () => {
  const pose = (shapes: Partial<Record<ArkitName, number>>, side: 1 | -1): EyePose => {
    const out = { pitch: 0, yaw: 0, lidTop: 0 };
    eyePose(weights(shapes), side, 0.43, out);
    return out;
  };

  it("turns both eyes to the avatar's left for left-out and right-in", () => {
    const look = { eyeLookOutLeft: 0.6, eyeLookInRight: 0.6 } as const;
    expect(pose(look, 1).yaw).toBeGreaterThan(0.2);
    expect(pose(look, -1).yaw).toBeGreaterThan(0.2);
  });

  it("lowers the lid's shadow with blink and with a downward look", () => {
    expect(pose({ eyeLookDownLeft: 1 }, 1).lidTop).toBeLessThan(0.43);
    expect(pose({ eyeBlinkRight: 1 }, -1).lidTop).toBeLessThan(0);
    expect(pose({ eyeBlinkRight: 1 }, 1).lidTop).toBeCloseTo(0.43);
  });
});

describe("mouthLight", () => {
  it("keeps light from the teeth behind pursed lips, not behind an open or a spread mouth", () => {
    const ou = mouthLight(weights({ jawOpen: 0.18, mouthFunnel: 0.35, mouthPucker: 0.9 }));
    const ch = mouthLight(weights({ jawOpen: 0.07, mouthFunnel: 0.5, mouthPucker: 0.35 }));
    const aa = mouthLight(weights({ jawOpen: 0.62 }));
    expect(ou).toBeLessThan(0.25);
    expect(ch).toBeGreaterThan(0.6);
    expect(aa).toBe(1);
  });
});

describe("lipsApart", () => {
  it("is true whenever something between the lips can be seen", () => {
    expect(lipsApart(weights({ jawOpen: 0.1 }))).toBe(true);
    expect(lipsApart(weights({ mouthUpperUpLeft: 0.3 }))).toBe(true);
    expect(lipsApart(weights({ mouthSmileLeft: 1, mouthSmileRight: 1, eyeBlinkLeft: 1 }))).toBe(false);
    expect(lipsApart(weights({ jawOpen: 1, mouthClose: 1 }))).toBe(false);
  });
});
