/** The eyeball: painted iris under a cornea, occluded by the lids. */
import type { Surface } from "./common";

export const eye: Surface = {
  poseInputs: "uniform mat3 eyeTurn; uniform vec3 eyeCentre;",
  passed: "vec3 vBall; vec3 vFace;",
  pose: "vBall = position; vFace = eyeTurn * position; p = vFace + eyeCentre; n = vFace;",
  inputs: `uniform mat3 headTurn; uniform mat3 eyeTurn; uniform float irisSize; uniform float pupilSize;
uniform float lidTop; uniform float sparkle; uniform vec3 irisOuter; uniform vec3 irisInner;`,
  shade: /* glsl */ `
  vec3 ball = normalize(vBall);
  vec3 face = normalize(vFace);
  // The iris lies behind the cornea: seen from the side it shifts against the ball's surface.
  vec3 look = V * headTurn * eyeTurn;
  vec2 p = ball.xy - look.xy / max(look.z, 0.35) * 0.085 * smoothstep(0.75, 0.3, length(ball.xy));
  float a = ball.z > 0.0 ? asin(min(length(p), 0.999)) : 1.57;
  float t = a / irisSize;
  float turn = atan(p.y, p.x);
  vec3 white = mix(vec3(0.90, 0.885, 0.875), vec3(0.84, 0.62, 0.57), smoothstep(0.85, 1.45, a));
  float fibre = 0.5 + 0.5 * sin(turn * 31.0 + sin(turn * 7.0) * 2.0);
  float weave = 0.5 + 0.5 * sin(turn * 53.0 + 1.7 + t * 4.0);
  vec3 iris = mix(irisInner, irisOuter, smoothstep(0.38, 0.95, t));
  iris *= 0.84 + 0.24 * fibre * smoothstep(0.35, 0.6, t) + 0.12 * weave;
  // Light that enters at the top gathers on the far side.
  float pool = clamp(dot(normalize(vec3(p, 0.12)), normalize(vec3(0.35, -0.82, 0.25))) * 0.5 + 0.5, 0.0, 1.0);
  iris *= 0.50 + 1.55 * pool * pool * smoothstep(1.02, 0.45, t);
  iris *= 1.0 - 0.70 * smoothstep(0.80, 1.0, t);
  iris = mix(iris, vec3(0.008, 0.006, 0.008), smoothstep(pupilSize + 0.04, pupilSize - 0.04, t));
  vec3 B = mix(iris, white, smoothstep(0.95, 1.06, t));
  float el = asin(clamp(face.y, -1.0, 1.0));
  float upper = smoothstep(lidTop + 0.06, lidTop - 0.34, el) * 0.62 + 0.38;
  float lower = smoothstep(-0.50, -0.22, el) * 0.32 + 0.68;
  float side = smoothstep(0.98, 0.55, abs(face.x)) * 0.5 + 0.5;
  vec3 shadow = bend(upper * lower * side, vec3(0.22, -0.07, -0.14));
  float nl = dot(N, keyDir);
  c = B * (keyLight * clamp(nl * 0.6 + 0.4, 0.0, 1.0) * 0.38 + hemi(N) * 0.62 + fillLight * 0.28) * shadow;
  // The window in the eye, a small answer below, the wet line on the lower lid.
  float key = dot(N, normalize(normalize(vec3(-0.40, 0.60, 0.80)) + V));
  float kick = dot(N, normalize(normalize(vec3(0.55, -0.38, 0.80)) + V));
  c += vec3(1.0, 0.98, 0.95) * smoothstep(0.9915, 0.9940, key) * 2.4 * sparkle;
  c += vec3(0.8, 0.9, 1.0) * smoothstep(0.9968, 0.9988, kick) * 0.5 * sparkle;
  c += vec3(0.9, 0.95, 1.0) * pow(max(key, 0.0), 60.0) * 0.08 * shadow;`,
};
