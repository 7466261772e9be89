/** Hair, brows, cropped curls, and the dark lining under the locks. */
import type { Surface } from "./common";

/** Strands: two highlights shifted along the strand, broken up by streaks. shade: across, along, strand, occlusion. */
export const hair: Surface = {
  poseInputs: "attribute vec3 tangent;",
  passed: "vec3 vTangent;",
  pose: "vTangent = headTurn * tangent;",
  inputs: "uniform float gloss;",
  pattern: /* glsl */ `
  float id = vShade.z * 61.0;
  float pattern = sin(vShade.x * 21.0 + id * 7.0 + sin(vShade.y * 4.0 + id) * 1.1) * 0.55
    + sin(vShade.x * 47.0 + id * 3.1 + vShade.y * 2.0) * 0.35;`,
  patternDepth: 0.15,
  shade: /* glsl */ `
  float t = vShade.y;
  float fine = pattern;
  float ao = clamp(vShade.w, 0.0, 1.0);
  vec3 T = normalize(vTangent);
  // The inside of a lock lies in the mass's shade.
  ao *= mix(0.35, 1.0, FACING);
  float nl = dot(N, keyDir);
  float nv = max(dot(N, V), 0.0);
  vec3 T1 = normalize(T + N * (0.08 + 0.07 * fine));
  vec3 T2 = normalize(T - N * (0.18 - 0.08 * fine));
  vec3 H = normalize(keyDir + V);
  float a1 = dot(T1, H);
  float a2 = dot(T2, H);
  float s1 = max(1.0 - a1 * a1, 0.0);
  float s2 = s1 * s1;
  float s4 = s2 * s2;
  float s16 = s4 * s4 * s4 * s4;
  float shine = s16 * s16 * s4 * s4 * s4;
  float g1 = max(1.0 - a2 * a2, 0.0);
  float g4 = g1 * g1 * g1 * g1;
  float glow = g4 * g4 * g1 * g1 * g1;
  float ar = dot(T1, normalize(rimRight + V));
  float r1 = max(1.0 - ar * ar, 0.0);
  float r4 = r1 * r1 * r1 * r1;
  float rimShine = r4 * r4 * r4 * r4 * max(dot(N, rimRight) + 0.2, 0.0);
  float open = smoothstep(0.05, 0.75, ao);
  vec3 B = A * (1.0 + 0.20 * fine) * mix(0.50, 1.08, ao);
  // Tips are thinner and let light through.
  B *= 1.0 + 0.25 * smoothstep(0.75, 1.0, t) * ao;
  c = B * (keyLight * clamp(nl * 0.62 + 0.38, 0.0, 1.0) * 0.55 * mix(0.40, 1.0, open) + hemi(N) * ao * 0.95
    + fillLight * 0.35 * clamp(dot(N, fillDir) * 0.7 + 0.3, 0.0, 1.0) * ao);
  c += keyLight * open * max(nl + 0.25, 0.0) * (shine * vec3(1.0, 0.84, 0.66) * 0.085 + glow * A * 0.85) * gloss;
  float edge = 1.0 - nv;
  c += rimLight * ao * ao * (edge * edge * edge * max(dot(N, rimRight) + 0.3, 0.0) * 0.10 + rimShine * A * 0.6) * gloss;`,
};

/** Tight curls: grains that swallow and scatter light. */
export const curl: Surface = {
  passed: "vec3 vRest;",
  pose: "vRest = position;",
  inputs: "uniform float gloss;",
  pattern: /* glsl */ `
  vec3 q = vRest * 34.0;
  float g = sin(q.x + 1.7 * sin(q.y * 0.9 + q.z * 0.6)) * sin(q.y * 1.1 + 1.9 * sin(q.z * 0.8 + q.x * 0.5)) * sin(q.z + 1.5 * sin(q.x * 0.7));
  float g2 = sin(q.x * 2.3 + q.z) * sin(q.y * 2.1 - q.x) * sin(q.z * 2.2 + q.y);
  float pattern = g * 0.6 + g2 * 0.4;`,
  shade: /* glsl */ `
  float grain = pattern;
  float ao = clamp(vShade.w, 0.0, 1.0);
  vec3 M = normalize(N + vec3(g, g2, -g) * 0.38);
  float nl = dot(M, keyDir);
  float nh = max(dot(M, normalize(keyDir + V)), 0.0);
  vec3 B = A * (1.0 + 0.55 * grain);
  c = B * (keyLight * clamp(nl * 0.7 + 0.3, 0.0, 1.0) * 0.6 + hemi(M) * ao + fillLight * 0.4 * max(dot(M, fillDir), 0.0));
  float n4 = nh * nh * nh * nh;
  float edge = 1.0 - max(dot(N, V), 0.0);
  c += keyLight * n4 * n4 * n4 * 0.030 * gloss * (1.0 + grain) + rimLight * edge * edge * edge * 0.035 * max(dot(N, rimRight) + 0.4, 0.0);`,
};

/** Unlit dark: lashes, and what must not be seen through gaps. */
export const lining: Surface = { shade: "c = A * (hemi(vec3(0.0, 0.4, 0.9)) * 0.9 + 0.08);" };
