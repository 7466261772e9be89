/** Finds avatars in the manifest, downloads and verifies them. */
import { AvatarAssetError } from "./asset-error";
import type { AvatarAsset, AvatarAssetKind } from "./types";

/** One avatar of `manifest.json` (docs/avatar.md). */
export interface ManifestEntry {
  readonly id: string;
  readonly name: string;
  readonly kind: AvatarAssetKind;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

const KINDS: readonly string[] = ["head", "glb", "vrm"];

function isEntry(value: unknown): value is ManifestEntry {
  if (typeof value !== "object" || value === null) return false;
  const entry = value as Partial<Record<keyof ManifestEntry, unknown>>;
  return (
    typeof entry.id === "string" &&
    typeof entry.name === "string" &&
    typeof entry.kind === "string" &&
    KINDS.includes(entry.kind) &&
    typeof entry.file === "string" &&
    typeof entry.bytes === "number" &&
    typeof entry.sha256 === "string"
  );
}

/**
 * The avatars a manifest offers.
 *
 * @throws AvatarAssetError - INVALID_ASSET if it is not a manifest of version 1
 */
export function parseManifest(value: unknown): readonly ManifestEntry[] {
  const manifest = value as { version?: unknown; avatars?: unknown } | null;
  if (manifest?.version !== 1 || !Array.isArray(manifest.avatars) || !manifest.avatars.every(isEntry)) {
    throw new AvatarAssetError("INVALID_ASSET", "The list of avatars (manifest.json) can't be understood.");
  }
  return manifest.avatars;
}

/**
 * Downloads an avatar.
 *
 * @param id - one of the manifest's ids
 * @param base - directory of `manifest.json`
 * @param onProgress - told the downloaded fraction, 0..1
 * @param signal - ends the download; the promise then rejects with its reason
 * @throws AvatarAssetError - UNKNOWN_AVATAR, DOWNLOAD_FAILED, HASH_MISMATCH, INVALID_ASSET
 */
export async function loadAsset(
  id: string,
  base: URL,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<AvatarAsset> {
  const directory = new URL(base.href.endsWith("/") ? base.href : `${base.href}/`);
  const list = await download(new URL("manifest.json", directory), signal);
  const entries = parseManifest(await readJson(list));
  const entry = entries.find((candidate) => candidate.id === id);
  if (!entry) {
    const known = entries.map((candidate) => candidate.id).join(", ");
    throw new AvatarAssetError("UNKNOWN_AVATAR", `There is no avatar called "${id}". Known avatars: ${known}.`);
  }
  const response = await download(new URL(entry.file, directory), signal);
  const data = await readBody(response, entry, onProgress);
  await verify(data, entry);
  onProgress(1);
  return { id: entry.id, name: entry.name, kind: entry.kind, data };
}

async function download(url: URL, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(url, { signal });
    if (response.ok) return response;
    throw new AvatarAssetError("DOWNLOAD_FAILED", `${url.pathname} could not be loaded (HTTP ${response.status}).`);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof AvatarAssetError) throw cause;
    throw new AvatarAssetError("DOWNLOAD_FAILED", `${url.pathname} could not be loaded.`, { cause });
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new AvatarAssetError("INVALID_ASSET", "The list of avatars (manifest.json) is not JSON.", { cause });
  }
}

/** Reads at most what the manifest announces: a longer body is not the avatar that was asked for. */
async function readBody(
  response: Response,
  entry: ManifestEntry,
  onProgress: (fraction: number) => void,
): Promise<ArrayBuffer> {
  const data = new Uint8Array(entry.bytes);
  let length = 0;
  if (response.body) {
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > data.length) {
        await reader.cancel();
        length = data.length + 1;
        break;
      }
      data.set(value, length);
      length += value.length;
      onProgress(length / data.length);
    }
  }
  if (length !== data.length) {
    throw new AvatarAssetError("HASH_MISMATCH", `The avatar's file ${entry.file} does not have the size it should have.`);
  }
  return data.buffer;
}

async function verify(data: ArrayBuffer, entry: ManifestEntry): Promise<void> {
  // Pages over plain http from another machine have no Web Crypto; the size was checked in any case.
  if (!globalThis.isSecureContext) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== entry.sha256) {
    throw new AvatarAssetError("HASH_MISMATCH", `The avatar's file ${entry.file} is damaged: its hash is not the manifest's.`);
  }
}
