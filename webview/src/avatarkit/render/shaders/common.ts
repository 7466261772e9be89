/** What all surfaces of the head share: posing, light and tone; and where they are computed. */

/** One surface, as GLSL. */
export interface Surface {
  /** What `pose` hands to `shade` besides normal, point, colour and shade: `vec3 vRest;` … */
  readonly passed?: string;
  /** Further uniforms and attributes of `pose`. */
  readonly poseInputs?: string;
  /** Fills what is passed; may change `p` and `n` (object space). */
  readonly pose?: string;
  /** Further uniforms of `shade`. */
  readonly inputs?: string;
  /** Computes `c` (linear light) from N, V, A (albedo) and what is passed; FACING is 1 on the front, else 0. */
  readonly shade: string;
  /**
   * Pattern too fine for vertices: computes `float pattern`, about -1..1, from what is passed. In `shade` it is
   * there too; at vertices it is 0, and `patternDepth` of it is laid over the finished colour.
   */
  readonly pattern?: string;
  readonly patternDepth?: number;
}

/** A vertex and a fragment shader. */
export interface Program {
  readonly vertex: string;
  readonly fragment: string;
}

const PASSED = "vec3 vNormal; vec3 vPoint; vec3 vColour; vec4 vShade;";

const LIGHTS = /* glsl */ `
uniform vec3 keyDir;
uniform vec3 fillDir;
uniform vec3 rimLeft;
uniform vec3 rimRight;
uniform vec3 keyLight;
uniform vec3 fillLight;
uniform vec3 rimLight;
uniform vec3 skyLight;
uniform vec3 groundLight;
uniform float exposure;
vec3 hemi(vec3 n) { return mix(groundLight, skyLight, n.y * 0.5 + 0.5); }
// x to the power of about 1 + e for x in 0..1, without pow: software rasterisers pay dearly for it.
vec3 bend(float x, vec3 k) { return x + x * (1.0 - x) * k; }
vec3 wrap(float nl, vec3 w) { return clamp((nl + w) / (1.0 + w), 0.0, 1.0); }
// Narkowicz' fit of the ACES film curve, per channel.
vec3 film(vec3 x) {
  x *= exposure;
  return clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}
// The display's gamma from square roots.
vec3 display(vec3 light) {
  vec3 root2 = sqrt(film(max(light, 0.0)));
  vec3 root4 = sqrt(root2);
  return 0.585122381 * root2 + 0.783140355 * root4 - 0.368262736 * sqrt(root4);
}`;

/** The head turns about the top of the neck; the neck bends along, the shoulders stay. */
const POSE_INPUTS = /* glsl */ `
attribute vec3 colour;
attribute vec4 shade;
uniform mat3 headTurn;
uniform vec3 headShift;
uniform vec4 body;
const vec3 PIVOT = vec3(0.0, -0.78, -0.14);`;

function poseBody(own: string): string {
  return /* glsl */ `
  vec3 p = position;
  vec3 n = normal;
  ${own}
  float w = smoothstep(-1.62, -0.92, p.y + 0.25 * min(p.z, 0.0)) * body.w;
  vec3 turned = headTurn * (p - PIVOT) + PIVOT + headShift;
  p = mix(p, turned, w);
  n = mix(n, headTurn * n, w);
  // Breath lifts the chest and the shoulders.
  p.y += body.x * smoothstep(-1.3, -2.0, p.y);
  p.z += body.y * smoothstep(-1.5, -2.2, p.y) * max(p.z, 0.0);
  p.x += body.z * (p.y + 3.2) * 0.3;
  vPoint = p;
  vNormal = n;
  vColour = colour;
  vShade = shade;
  gl_Position = projectionMatrix * viewMatrix * vec4(p, 1.0);`;
}

function shadeBody(shade: string, pattern: string): string {
  return /* glsl */ `
  vec3 N = normalize(vNormal);
  vec3 V = normalize(cameraPosition - vPoint);
  vec3 A = vColour * vColour;
  vec3 c;
  ${pattern}
  ${shade}`;
}

/** `vec3 a; vec4 b;` with a storage qualifier before each. */
function declare(qualifier: string, names: string): string {
  return names.replace(/(?:^|(?<=;))\s*(?=\w)/g, ` ${qualifier} `);
}

/** Light computed for every pixel: for a GPU, and for what is finer than its vertices. */
export function perPixel(surface: Surface): Program {
  const { passed = "", poseInputs = "", pose = "", inputs = "", shade, pattern = "" } = surface;
  const varyings = declare("varying", PASSED + passed);
  return {
    vertex: `${POSE_INPUTS}\n${poseInputs}\n${varyings}\nvoid main() {${poseBody(pose)}\n}`,
    fragment: `${LIGHTS}\n${inputs}\n${varyings}
#define FACING (gl_FrontFacing ? 1.0 : 0.0)
void main() {${shadeBody(shade, pattern)}
  gl_FragColor = vec4(display(c), 1.0);
}`,
  };
}

/**
 * Light computed at the vertices, for a processor. The head's triangles are a few pixels large, and a rasteriser in
 * software shades whole blocks of pixels for each: so this costs a third and looks nearly the same.
 */
export function perVertex(surface: Surface): Program {
  const { passed = "", poseInputs = "", pose = "", inputs = "", shade, pattern = "", patternDepth = 0 } = surface;
  const varyings = declare("varying", PASSED + passed);
  return {
    vertex: `${POSE_INPUTS}\n${LIGHTS}\n${poseInputs}\n${inputs}\n${varyings}
varying vec3 vLit;
#define FACING 1.0
void main() {${poseBody(pose)}
  {${shadeBody(shade, pattern === "" ? "" : "float pattern = 0.0;")}
    vLit = display(c);
  }
}`,
    fragment: `${varyings}
varying vec3 vLit;
void main() {
  ${pattern}
  gl_FragColor = vec4(${pattern === "" ? "vLit" : `vLit * (1.0 + ${patternDepth.toFixed(3)} * pattern)`}, 1.0);
}`,
  };
}
