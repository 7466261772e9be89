/// <reference types="node" />
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AvatarAssetError } from "./asset-error";
import { decodeHead } from "./head-file";
import { ARKIT_52 } from "./types";

const AVATARS = join(import.meta.dirname, "../../../public/avatars");

function load(id: string): ArrayBuffer {
  const bytes = readFileSync(join(AVATARS, `${id}.avh`));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

describe("decodeHead", () => {
  it.each(["nova", "atlas", "iris"])("reads %s with every ARKit shape, finite and within bounds", (id) => {
    const model = decodeHead(load(id));
    expect(model.id).toBe(id);
    const shapes = new Set(model.parts.flatMap((part) => part.targets.map((target) => target.name)));
    expect(ARKIT_52.filter((name) => !shapes.has(name))).toEqual([]);
    for (const part of model.parts) {
      expect(part.position.every((value) => Math.abs(value) < 4)).toBe(true);
      for (const target of part.targets) {
        expect(target.delta.every(Number.isFinite)).toBe(true);
        expect(target.index.every((vertex) => vertex * 3 < part.position.length)).toBe(true);
      }
    }
  });

  it("refuses a truncated file", () => {
    const data = load("nova");
    expect(() => decodeHead(data.slice(0, data.byteLength - 100_000))).toThrow(AvatarAssetError);
  });

  it("refuses other files and other versions by saying so", () => {
    expect(() => decodeHead(new TextEncoder().encode("glTF and more bytes").buffer)).toThrow("not an avatar");
    const data = load("nova").slice(0);
    new DataView(data).setUint32(4, 9, true);
    expect(() => decodeHead(data)).toThrow("version 9");
  });

  it("refuses an index beyond the vertices", () => {
    const data = load("iris").slice(0);
    const view = new DataView(data);
    const start = 12 + view.getUint32(8, true);
    const first = decodeHead(load("iris")).parts[0];
    expect(first).toBeDefined();
    view.setUint16(start + (first as { index: Uint16Array }).index.byteOffset - start, 65535, true);
    expect(() => decodeHead(data)).toThrow(AvatarAssetError);
  });
});
