/** The figure's meshes: built from a decoded head, posed every frame. */
import { BufferAttribute, BufferGeometry, Euler, Group, Matrix3, Matrix4, Mesh, Vector4, type ShaderMaterial } from "three";
import type { HeadModel, HeadPart } from "./head-file";
import { SharedUniforms } from "./light";
import { createMaterial, drawOrder, eyeUniforms, type EyeUniforms } from "./materials";
import { Morph } from "./morph";
import { eyePose, lipsApart, mouthLight, mouthOpening, ShapeTable, type EyePose } from "./pose";

/** Everything that changes from one picture to the next. Angles in radians; the gaze is in the look shapes' weights. */
export interface FigurePose {
  readonly weights: Float32Array;
  /** Pitch (+ down), yaw (+ to the avatar's left), roll (+ to the avatar's left shoulder). */
  readonly head: Float32Array;
  /** 0 = empty lungs, 1 = full. */
  readonly breath: number;
  /** Sideways lean of the upper body, radians. */
  readonly sway: number;
  /** 1 = lit as usual; less is dimmer. */
  readonly brightness: number;
}

interface Eye {
  readonly side: 1 | -1;
  readonly uniforms: EyeUniforms;
  readonly pose: EyePose;
}

/** One character in a scene. */
export class Figure {
  readonly root = new Group();
  readonly shared: SharedUniforms;
  readonly triangles: number;
  private readonly morphs: Morph[] = [];
  private readonly eyes: Eye[] = [];
  private readonly mouths: Mesh[] = [];
  private readonly materials: ShaderMaterial[] = [];
  private readonly geometries: BufferGeometry[] = [];
  private readonly shapes: ShapeTable;
  private readonly upperLid: number;
  private readonly euler = new Euler(0, 0, 0, "YXZ");
  private readonly matrix = new Matrix4();
  private readonly bodyOfCloth: Vector4;

  /** @param software - a processor draws: leave out what is hardly seen */
  constructor(model: HeadModel, shared: SharedUniforms, software: boolean) {
    this.shared = shared;
    shared.gloss.value = model.gloss;
    this.shapes = new ShapeTable(model.correctives);
    this.upperLid = model.eyes.upperLid;
    const still = { value: new Vector4(0, 0, 0, 0) };
    this.bodyOfCloth = still.value;
    let triangles = 0;
    for (const part of model.parts) {
      triangles += part.index.length / 3;
      let own = {};
      if (part.material === "eye") {
        const uniforms = eyeUniforms(model.eyes, part.name);
        this.eyes.push({ side: part.name === "eyeLeft" ? 1 : -1, uniforms, pose: { pitch: 0, yaw: 0, lidTop: 0 } });
        own = uniforms;
      } else if (part.material === "cloth") own = { body: still };
      else if (part.name === "brows") own = { gloss: { value: 0.1 } };
      const material = createMaterial(part.material, shared, software, own);
      const mesh = new Mesh(this.geometry(part), material);
      mesh.name = part.name;
      mesh.renderOrder = drawOrder(part.material);
      mesh.frustumCulled = false;
      mesh.matrixAutoUpdate = false;
      this.materials.push(material);
      this.root.add(mesh);
      if (part.material === "mouth") this.mouths.push(mesh);
    }
    this.triangles = triangles;
  }

  /** Poses all meshes. */
  apply(pose: FigurePose): void {
    const { shared, shapes } = this;
    shapes.set(pose.weights);
    for (const morph of this.morphs) morph.apply(shapes.weights);
    const pitch = pose.head[0] ?? 0;
    const yaw = pose.head[1] ?? 0;
    const roll = pose.head[2] ?? 0;
    // Roll towards the avatar's left shoulder is a turn against the z axis that points at the viewer.
    this.turn(pitch, yaw, -roll, shared.headTurn.value);
    shared.body.value.set(0.012 * pose.breath, 0.02 * pose.breath, pose.sway, 1);
    this.bodyOfCloth.set(0.03 * pose.breath, 0.03 * pose.breath, pose.sway, 0);
    shared.headShift.value.set(yaw * 0.03, 0.008 * pose.breath, pitch * 0.1);
    shared.exposure.value = pose.brightness;
    shared.mouthLight.value = mouthLight(shapes.weights);
    shared.mouthOpen.value = mouthOpening(shapes.weights);
    // Shut lips share one edge; teeth behind it would shine through as dots where a pixel's middle falls between.
    const seen = lipsApart(shapes.weights);
    for (const mouth of this.mouths) mouth.visible = seen;
    for (const eye of this.eyes) {
      eyePose(shapes.weights, eye.side, this.upperLid, eye.pose);
      this.turn(eye.pose.pitch, eye.pose.yaw, 0, eye.uniforms.eyeTurn.value);
      eye.uniforms.lidTop.value = eye.pose.lidTop;
    }
  }

  dispose(): void {
    for (const material of this.materials) material.dispose();
    for (const geometry of this.geometries) geometry.dispose();
  }

  private turn(pitch: number, yaw: number, roll: number, out: Matrix3): void {
    this.euler.set(pitch, yaw, roll);
    out.setFromMatrix4(this.matrix.makeRotationFromEuler(this.euler));
  }

  private geometry(part: HeadPart): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setIndex(new BufferAttribute(part.index, 1));
    geometry.setAttribute("colour", new BufferAttribute(part.colour, 3, true));
    geometry.setAttribute("shade", new BufferAttribute(part.shade, 4, true));
    if (part.tangent) geometry.setAttribute("tangent", new BufferAttribute(part.tangent, 3, true));
    if (part.targets.length > 0) this.morphs.push(new Morph(part, geometry, this.shapes.byName));
    else {
      geometry.setAttribute("position", new BufferAttribute(part.position, 3));
      geometry.setAttribute("normal", new BufferAttribute(part.normal, 3));
    }
    this.geometries.push(geometry);
    return geometry;
  }
}
