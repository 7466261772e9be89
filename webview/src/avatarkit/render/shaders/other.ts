/** Garment, teeth and tongue, glasses, the ground behind, and the pass that brings the picture to the canvas. */
import type { Surface } from "./common";

/** Knitted cloth. shade: occlusion, key visibility. */
export const cloth: Surface = {
  passed: "vec3 vRest;",
  pose: "vRest = position;",
  pattern: /* glsl */ `
  float rib = sin(vRest.x * 62.0 + vRest.z * 20.0) * 0.5 + 0.5;
  float stitch = sin(vRest.y * 95.0 + rib * 2.0) * 0.5 + 0.5;
  float pattern = (0.12 * rib + 0.05 * stitch) / 0.085 - 1.0;`,
  patternDepth: 0.045,
  shade: /* glsl */ `
  float ao = vShade.x;
  float nv = max(dot(N, V), 0.0);
  A *= 0.945 + 0.085 * pattern;
  float edge = 1.0 - nv;
  c = A * (keyLight * clamp(dot(N, keyDir) * 0.8 + 0.2, 0.0, 1.0) * vShade.y
    + fillLight * clamp(dot(N, fillDir) * 0.7 + 0.3, 0.0, 1.0) * ao + hemi(N) * ao) * 0.72;
  c += A * edge * edge * (0.25 + 0.85 * edge) * ao + rimLight * edge * edge * edge * max(dot(N, rimRight) + 0.2, 0.0) * 0.35 * ao;`,
};

/** Teeth, gums, tongue: lit through the opening of the lips. shade: depth. */
export const mouth: Surface = {
  inputs: "uniform float mouthLight;",
  shade: /* glsl */ `
  float open = vShade.x * mouthLight;
  float nh = max(dot(N, normalize(keyDir + V)), 0.0);
  c = A * (keyLight * clamp(dot(N, keyDir) * 0.6 + 0.4, 0.0, 1.0) * 0.40 + hemi(N) * 0.55) * open;
  c += vec3(pow(nh, 46.0) * 0.30 * open);`,
};

/** Polished wire. */
export const metal: Surface = {
  shade: /* glsl */ `
  vec3 R = reflect(-V, N);
  float band = smoothstep(0.15, 0.75, R.y) * 0.9 + smoothstep(-0.5, -0.9, R.y) * 0.25;
  c = A * (hemi(N) * 0.7 + keyLight * max(dot(N, keyDir), 0.0) * 0.35) + mix(A, vec3(1.0), 0.35) * keyLight * band * 0.32;`,
};

export const groundVertex = /* glsl */ `
varying vec2 vAt;
void main() {
  vAt = position.xy;
  gl_Position = vec4(position.xy, 0.9999, 1.0);
}`;

/** A soft pool of light behind the head, with dither against banding. */
export const groundFragment = /* glsl */ `
uniform vec3 groundInner;
uniform vec3 groundOuter;
uniform float exposure;
varying vec2 vAt;
void main() {
  float d = length((vAt - vec2(-0.12, 0.12)) * vec2(1.0, 0.9));
  vec3 c = mix(groundInner, groundOuter, smoothstep(0.0, 1.45, d)) * mix(0.75, 1.0, exposure);
  float dither = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
  gl_FragColor = vec4(c + dither / 255.0, 1.0);
}`;

export const screenVertex = /* glsl */ `
varying vec2 vAt;
void main() {
  vAt = position.xy * 0.5 + 0.5;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`;

/** Copies the finished picture. */
export const copyFragment = /* glsl */ `
uniform sampler2D picture;
varying vec2 vAt;
void main() { gl_FragColor = texture2D(picture, vAt); }`;
