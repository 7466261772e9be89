/** Reads the generator's compact file (layout: docs/avatar.md). */
import { AvatarAssetError } from "./asset-error";

/** A blend shape of one part: the vertices it touches and what it does to them at weight 1. */
export interface HeadTarget {
  readonly name: string;
  /** Vertex numbers. */
  readonly index: Uint16Array;
  /** Six values per touched vertex: displacement, then change of the normal. */
  readonly delta: Float32Array;
}

/** A mesh with the attributes its material reads. */
export interface HeadPart {
  readonly name: string;
  readonly material: string;
  readonly index: Uint16Array;
  readonly position: Float32Array;
  readonly normal: Float32Array;
  /** Square roots of linear RGB, 3 bytes per vertex. */
  readonly colour: Uint8Array;
  /** 4 bytes per vertex, read by the material. */
  readonly shade: Uint8Array;
  readonly tangent: Int8Array | null;
  readonly targets: readonly HeadTarget[];
}

/** How the eyes are placed and painted. */
export interface EyeLook {
  readonly centres: Readonly<Record<string, readonly [number, number, number]>>;
  readonly radius: number;
  readonly iris: number;
  readonly pupil: number;
  /** Elevation of the open upper lid's margin, radians. */
  readonly upperLid: number;
  readonly irisOuter: string;
  readonly irisInner: string;
}

/** A decoded character. */
export interface HeadModel {
  readonly id: string;
  readonly name: string;
  readonly eyes: EyeLook;
  /** Strength of the hair's highlights. */
  readonly gloss: number;
  /** Targets driven at 4w(1-w) by the weight of another shape. */
  readonly correctives: readonly { readonly target: string; readonly between: string }[];
  readonly parts: readonly HeadPart[];
}

interface TargetEntry {
  name: string;
  count: number;
  index: number;
  delta: number;
  step: number;
  normal?: number;
  normalStep?: number;
}

interface PartEntry {
  name: string;
  material: string;
  vertices: number;
  indices: number;
  index: number;
  position: number;
  normal: number;
  colour: number;
  shade: number;
  tangent?: number;
  targets: TargetEntry[];
}

type Header = Omit<HeadModel, "parts"> & { positionStep: number; parts: PartEntry[] };

const MAGIC = 0x48445641; // "AVDH"
const VERSION = 1;
const HEADER_BYTES = 12;

/**
 * Decodes a character.
 *
 * @throws AvatarAssetError - INVALID_ASSET if the bytes are no such file, truncated or of another version
 */
export function decodeHead(data: ArrayBuffer): HeadModel {
  try {
    return decode(data);
  } catch (cause) {
    if (cause instanceof AvatarAssetError) throw cause;
    throw new AvatarAssetError("INVALID_ASSET", "The avatar's file is damaged or incomplete.", { cause });
  }
}

function decode(data: ArrayBuffer): HeadModel {
  const view = new DataView(data);
  if (view.getUint32(0, true) !== MAGIC) {
    throw new AvatarAssetError("INVALID_ASSET", "The file is not an avatar of this program.");
  }
  const version = view.getUint32(4, true);
  if (version !== VERSION) {
    throw new AvatarAssetError("INVALID_ASSET", `The avatar's file has version ${version}; this program reads ${VERSION}.`);
  }
  const jsonBytes = view.getUint32(8, true);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array(data, HEADER_BYTES, jsonBytes));
  const { positionStep, parts, ...rest } = JSON.parse(text) as Header;
  const start = HEADER_BYTES + jsonBytes;
  return { ...rest, parts: parts.map((entry) => decodePart(data, start, entry, positionStep)) };
}

function decodePart(data: ArrayBuffer, start: number, entry: PartEntry, positionStep: number): HeadPart {
  const { vertices } = entry;
  const index = new Uint16Array(data, start + entry.index, entry.indices);
  for (const vertex of index) if (vertex >= vertices) throw new RangeError("index out of range");
  return {
    name: entry.name,
    material: entry.material,
    index,
    position: scaled(new Int16Array(data, start + entry.position, vertices * 3), positionStep),
    normal: scaled(new Int8Array(data, start + entry.normal, vertices * 3), 1 / 127),
    colour: new Uint8Array(data, start + entry.colour, vertices * 3),
    shade: new Uint8Array(data, start + entry.shade, vertices * 4),
    tangent: entry.tangent === undefined ? null : new Int8Array(data, start + entry.tangent, vertices * 3),
    targets: entry.targets.map((target) => decodeTarget(data, start, target, vertices)),
  };
}

function decodeTarget(data: ArrayBuffer, start: number, entry: TargetEntry, vertices: number): HeadTarget {
  const { count } = entry;
  const index = new Uint16Array(data, start + entry.index, count);
  for (const vertex of index) if (vertex >= vertices) throw new RangeError("target out of range");
  const moved = new Int16Array(data, start + entry.delta, count * 3);
  const turned = entry.normal === undefined ? null : new Int8Array(data, start + entry.normal, count * 3);
  const normalStep = entry.normalStep ?? 0;
  const delta = new Float32Array(count * 6);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 3; k++) {
      delta[i * 6 + k] = (moved[i * 3 + k] ?? 0) * entry.step;
      delta[i * 6 + 3 + k] = (turned?.[i * 3 + k] ?? 0) * normalStep;
    }
  }
  return { name: entry.name, index, delta };
}

function scaled(values: Int16Array | Int8Array, step: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = (values[i] ?? 0) * step;
  return out;
}
