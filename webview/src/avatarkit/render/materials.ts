/** The figure's hand-written materials. */
import { Color, DoubleSide, FrontSide, Matrix3, ShaderMaterial, Vector3, type IUniform } from "three";
import { AvatarAssetError } from "./asset-error";
import type { EyeLook } from "./head-file";
import type { SharedUniforms } from "./light";
import { perPixel, perVertex, type Surface } from "./shaders/common";
import { eye } from "./shaders/eye";
import { curl, hair, lining } from "./shaders/hair";
import { cloth, groundFragment, groundVertex, metal, mouth } from "./shaders/other";
import { skin } from "./shaders/skin";

interface Recipe {
  readonly surface: Surface;
  /** Where a processor draws: light at the vertices is fine enough. */
  readonly coarse: boolean;
  /** `gpu`: only where a GPU draws; a processor saves a quarter of its time by leaving the locks' insides out. */
  readonly bothSides: boolean | "gpu";
  /** Opaque parts in front are drawn first: what they hide is rejected by depth. */
  readonly order: number;
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  hair: { surface: hair, coarse: true, bothSides: "gpu", order: 0 },
  curl: { surface: curl, coarse: false, bothSides: false, order: 0 },
  metal: { surface: metal, coarse: false, bothSides: false, order: 0 },
  lining: { surface: lining, coarse: true, bothSides: true, order: 1 },
  skin: { surface: skin, coarse: true, bothSides: false, order: 2 },
  eye: { surface: eye, coarse: false, bothSides: false, order: 3 },
  mouth: { surface: mouth, coarse: true, bothSides: true, order: 3 },
  cloth: { surface: cloth, coarse: true, bothSides: false, order: 3 },
};

/** The drawing order of a material's parts; smaller is earlier. */
export function drawOrder(material: string): number {
  return recipe(material).order;
}

function recipe(material: string): Recipe {
  const found = RECIPES[material];
  if (!found) throw new AvatarAssetError("INVALID_ASSET", `The avatar asks for an unknown material, "${material}".`);
  return found;
}

/** A material by the name the asset gives it. */
export function createMaterial(
  material: string,
  shared: SharedUniforms,
  software: boolean,
  own: Record<string, IUniform> = {},
): ShaderMaterial {
  const { surface, coarse, bothSides } = recipe(material);
  const { vertex, fragment } = software && coarse ? perVertex(surface) : perPixel(surface);
  return new ShaderMaterial({
    // By reference: a change of a shared value is seen by every material.
    uniforms: Object.assign({}, shared, own),
    vertexShader: vertex,
    fragmentShader: fragment,
    side: bothSides === true || (bothSides === "gpu" && !software) ? DoubleSide : FrontSide,
    toneMapped: false,
  });
}

/** What one eyeball's material has of its own. */
export interface EyeUniforms extends Record<string, IUniform> {
  readonly eyeTurn: IUniform<Matrix3>;
  readonly lidTop: IUniform<number>;
}

/** Uniforms of the eye called `name` (`eyeLeft` or `eyeRight`). */
export function eyeUniforms(look: EyeLook, name: string): EyeUniforms {
  const centre = look.centres[name];
  if (!centre) throw new AvatarAssetError("INVALID_ASSET", `The avatar does not say where ${name} is.`);
  return {
    eyeTurn: { value: new Matrix3() },
    eyeCentre: { value: new Vector3().fromArray(centre) },
    irisSize: { value: look.iris },
    pupilSize: { value: look.pupil },
    lidTop: { value: look.upperLid },
    // Colours are linear in the shaders; three converts from sRGB.
    irisOuter: { value: linear(look.irisOuter) },
    irisInner: { value: linear(look.irisInner) },
  };
}

function linear(hex: string): Vector3 {
  const colour = new Color(hex);
  return new Vector3(colour.r, colour.g, colour.b);
}

/** The ground behind the figure. */
export function createGround(shared: SharedUniforms): ShaderMaterial {
  return new ShaderMaterial({
    uniforms: { groundInner: shared.groundInner, groundOuter: shared.groundOuter, exposure: shared.exposure },
    vertexShader: groundVertex,
    fragmentShader: groundFragment,
    depthWrite: false,
    toneMapped: false,
  });
}
