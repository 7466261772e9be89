/** Blend shapes on the processor: faster than morph textures where the GPU is a processor too. */
import { BufferAttribute, DynamicDrawUsage, type BufferGeometry } from "three";
import type { HeadPart, HeadTarget } from "./head-file";

/** Changes smaller than this can't be seen. */
const STILL = 1 / 2048;

interface Slot {
  readonly target: HeadTarget;
  /** Number of the shape among all shapes of the face. */
  readonly shape: number;
  applied: number;
}

/** One part's points and normals, following shape weights. Touches only vertices of shapes that moved. */
export class Morph {
  private readonly position: Float32Array;
  private readonly normal: Float32Array;
  private readonly positions: BufferAttribute;
  private readonly normals: BufferAttribute;
  private readonly slots: Slot[];
  private updates = 0;

  /** @param shapeOf - number of a shape by its target name; targets without one are ignored */
  constructor(
    private readonly part: HeadPart,
    geometry: BufferGeometry,
    shapeOf: ReadonlyMap<string, number>,
  ) {
    this.position = part.position.slice();
    this.normal = part.normal.slice();
    this.positions = new BufferAttribute(this.position, 3).setUsage(DynamicDrawUsage);
    this.normals = new BufferAttribute(this.normal, 3).setUsage(DynamicDrawUsage);
    geometry.setAttribute("position", this.positions);
    geometry.setAttribute("normal", this.normals);
    this.slots = part.targets.flatMap((target) => {
      const shape = shapeOf.get(target.name);
      return shape === undefined ? [] : [{ target, shape, applied: 0 }];
    });
  }

  /** Brings the mesh to these weights (indexed by shape number). Returns true if anything moved. */
  apply(weights: Float32Array): boolean {
    let moved = false;
    // Rounding errors of adding differences must not pile up over hours.
    if (++this.updates >= 3000) {
      this.updates = 0;
      this.reset();
      moved = true;
    }
    for (const slot of this.slots) {
      const weight = weights[slot.shape] ?? 0;
      const change = weight - slot.applied;
      if (change === 0 || (Math.abs(change) < STILL && weight !== 0)) continue;
      slot.applied = weight;
      this.add(slot.target, change);
      moved = true;
    }
    if (moved) {
      this.positions.needsUpdate = true;
      this.normals.needsUpdate = true;
    }
    return moved;
  }

  private reset(): void {
    this.position.set(this.part.position);
    this.normal.set(this.part.normal);
    for (const slot of this.slots) slot.applied = 0;
  }

  private add(target: HeadTarget, weight: number): void {
    const { index, delta } = target;
    const { position, normal } = this;
    for (let i = 0, d = 0; i < index.length; i++, d += 6) {
      const v = (index[i] as number) * 3;
      position[v] = (position[v] as number) + weight * (delta[d] as number);
      position[v + 1] = (position[v + 1] as number) + weight * (delta[d + 1] as number);
      position[v + 2] = (position[v + 2] as number) + weight * (delta[d + 2] as number);
      normal[v] = (normal[v] as number) + weight * (delta[d + 3] as number);
      normal[v + 1] = (normal[v + 1] as number) + weight * (delta[d + 4] as number);
      normal[v + 2] = (normal[v + 2] as number) + weight * (delta[d + 5] as number);
    }
  }
}
