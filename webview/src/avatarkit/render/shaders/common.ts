/** What all shaders of the head share: posing in the vertex stage, light and tone in the fragment stage. */

/**
 * Vertex stage. The head turns about the top of the neck; the neck bends along, the shoulders stay. `extra` declares
 * further varyings, `body` fills them (it may change `p` and `n`, object space).
 */
export function vertexShader(extra = "", body = ""): string {
  return /* glsl */ `
attribute vec3 colour;
attribute vec4 shade;
uniform mat3 headTurn;
uniform vec3 headShift;
uniform vec4 body;
varying vec3 vNormal;
varying vec3 vPoint;
varying vec3 vColour;
varying vec4 vShade;
${extra}
const vec3 PIVOT = vec3(0.0, -0.78, -0.14);
void main() {
  vec3 p = position;
  vec3 n = normal;
  ${body}
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
  gl_Position = projectionMatrix * viewMatrix * vec4(p, 1.0);
}`;
}

/** Fragment stage. `body` computes \`c\` (linear light) from N, V, A (albedo) and the varyings. */
export function fragmentShader(body: string, extra = ""): string {
  return /* glsl */ `
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
varying vec3 vNormal;
varying vec3 vPoint;
varying vec3 vColour;
varying vec4 vShade;
${extra}
vec3 hemi(vec3 n) { return mix(groundLight, skyLight, n.y * 0.5 + 0.5); }
// x to the power of about 1 + e for x in 0..1, without pow: software rasterisers pay dearly for it.
vec3 bend(float x, vec3 k) { return x + x * (1.0 - x) * k; }
vec3 wrap(float nl, vec3 w) { return clamp((nl + w) / (1.0 + w), 0.0, 1.0); }
// Narkowicz' fit of the ACES film curve, per channel.
vec3 film(vec3 x) {
  x *= exposure;
  return clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}
void main() {
  vec3 N = normalize(vNormal);
  vec3 V = normalize(cameraPosition - vPoint);
  vec3 A = vColour * vColour;
  vec3 c;
  ${body}
  // The display's gamma from square roots.
  vec3 root2 = sqrt(film(max(c, 0.0)));
  vec3 root4 = sqrt(root2);
  gl_FragColor = vec4(0.585122381 * root2 + 0.783140355 * root4 - 0.368262736 * sqrt(root4), 1.0);
}`;
}
