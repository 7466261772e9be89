// @vitest-environment node
/// <reference types="node" />
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAsset, parseManifest } from "./asset";

const BODY = Buffer.from("an avatar's bytes, long enough to be counted");
const SHA = createHash("sha256").update(BODY).digest("hex");

function entry(id: string, over: object = {}): object {
  return { id, name: id, kind: "head", file: `${id}.avh`, bytes: BODY.length, sha256: SHA, ...over };
}

const MANIFEST = {
  version: 1,
  avatars: [entry("good"), entry("damaged"), entry("longer", { bytes: 10 }), entry("missing"), entry("other", { kind: "vrm" })],
};

let server: Server;
let base: URL;
const noProgress = (): void => undefined;
const never = new AbortController().signal;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    if (request.url === "/a/manifest.json") response.end(JSON.stringify(MANIFEST));
    else if (request.url === "/a/missing.avh") response.writeHead(404).end();
    else if (request.url === "/a/damaged.avh") response.end(Buffer.from(BODY).fill(0, 3, 5));
    else response.end(BODY);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a`);
});

afterAll(() => server.close());

describe("loadAsset", () => {
  it("downloads what the manifest lists and reports progress up to 1", async () => {
    const seen: number[] = [];
    const asset = await loadAsset("good", base, (fraction) => seen.push(fraction), never);
    expect(Buffer.from(asset.data)).toEqual(BODY);
    expect(asset).toMatchObject({ id: "good", name: "good", kind: "head" });
    expect(seen.at(-1)).toBe(1);
  });

  it("names the known avatars when asked for an unknown one", async () => {
    await expect(loadAsset("nobody", base, noProgress, never)).rejects.toMatchObject({
      code: "UNKNOWN_AVATAR",
      message: expect.stringContaining("good, damaged") as unknown,
    });
  });

  it("refuses a longer file and a missing one", async () => {
    await expect(loadAsset("longer", base, noProgress, never)).rejects.toMatchObject({ code: "HASH_MISMATCH" });
    await expect(loadAsset("missing", base, noProgress, never)).rejects.toMatchObject({ code: "DOWNLOAD_FAILED" });
  });

  it("refuses a file whose hash is another in a secure page", async () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "isSecureContext");
    Object.defineProperty(globalThis, "isSecureContext", { value: true, configurable: true });
    try {
      await expect(loadAsset("good", base, noProgress, never)).resolves.toMatchObject({ id: "good" });
      await expect(loadAsset("damaged", base, noProgress, never)).rejects.toMatchObject({ code: "HASH_MISMATCH" });
    } finally {
      if (before) Object.defineProperty(globalThis, "isSecureContext", before);
      else Reflect.deleteProperty(globalThis, "isSecureContext");
    }
  });

  it("ends with the signal's reason when cancelled", async () => {
    const abort = new AbortController();
    abort.abort(new Error("changed my mind"));
    await expect(loadAsset("good", base, noProgress, abort.signal)).rejects.toThrow("changed my mind");
  });
});

describe("parseManifest", () => {
  it("refuses lists of another version or with broken entries", () => {
    expect(() => parseManifest({ version: 2, avatars: [] })).toThrow("manifest.json");
    expect(() => parseManifest({ version: 1, avatars: [entry("x", { kind: "exe" })] })).toThrow("manifest.json");
    expect(() => parseManifest(null)).toThrow("manifest.json");
  });
});
