/** Skin, lips, the inside of the mouth, ears. shade: occlusion, key visibility, lip, inner mouth. */
import type { Surface } from "./common";

/** Wrapped light per channel stands in for light that travels under the skin. */
export const skin: Surface = {
  inputs: "uniform float mouthOpen;",
  shade: /* glsl */ `
  vec4 s = clamp(vShade, 0.0, 1.0);
  float ao = s.x;
  float lit = s.y;
  float inner = s.w;
  float lip = s.z * (1.0 - inner);
  float nl = dot(N, keyDir);
  float nv = max(dot(N, V), 0.0);
  vec3 through = bend(lit, vec3(0.46, -0.07, -0.23));
  vec3 sky = bend(ao, vec3(0.30, -0.07, -0.16));
  vec3 d = wrap(nl, vec3(0.42, 0.20, 0.14));
  d *= mix(vec3(1.0), d, 0.35);
  vec3 light = keyLight * d * through + fillLight * wrap(dot(N, fillDir), vec3(0.4, 0.25, 0.2)) * sky + hemi(N) * sky;
  float nh = max(dot(N, normalize(keyDir + V)), 0.0);
  float n4 = nh * nh * nh * nh;
  float n12 = n4 * n4 * n4;
  float n48 = n12 * n12 * n12 * n12;
  float sheen = (n12 * 0.32 + n48 * 0.30 * (1.0 + 2.6 * lip)) * max(nl, 0.0) * lit;
  float fh = max(dot(N, normalize(fillDir + V)), 0.0);
  float f4 = fh * fh * fh * fh;
  float lh = max(dot(N, normalize(vec3(0.1, 0.75, 0.6) + V)), 0.0);
  float l4 = lh * lh * lh * lh;
  float l16 = l4 * l4 * l4 * l4;
  float fillSheen = f4 * f4 * f4 * 0.22 * ao + lip * 0.22 * l16 * l16 * l16;
  float edge = 1.0 - nv;
  float rim = edge * edge * edge * (max(dot(N, rimLeft) + 0.2, 0.0) * 0.8 + max(dot(N, rimRight) + 0.25, 0.0) * 1.2) * ao;
  // The back lights reach the head's outline; nose and mouth have the face behind them.
  float outline = smoothstep(0.74, 0.42, vPoint.z);
  rim *= outline;
  float fresnel = 0.03 + 0.45 * edge * edge * edge * edge * edge;
  c = A * light * 0.62 + keyLight * sheen * (0.08 + 0.10 * min(dot(A, vec3(0.5, 0.8, 0.3)), 1.0)) + fillLight * fillSheen * 0.35;
  c += rimLight * rim * 0.5 * mix(vec3(1.0), A, 0.45) + hemi(reflect(-V, N)) * fresnel * (0.08 + 0.22 * outline) * ao;
  c += A * vec3(0.85, 0.25, 0.12) * edge * edge * 0.09;
  // The mouth's depth gets its light through the opening only.
  float depth = smoothstep(0.0, 0.85, inner);
  c = mix(c, A * (0.10 + 0.42 * mouthOpen) * (1.0 - 0.55 * inner), depth);`,
};
