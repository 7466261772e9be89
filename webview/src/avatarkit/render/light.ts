/** The light of day and night, as uniforms shared by every material of one figure. */
import { Matrix3, Vector3, Vector4 } from "three";
import type { AvatarTheme } from "./types";

interface Light {
  readonly key: readonly [number, number, number];
  readonly fill: readonly [number, number, number];
  readonly rim: readonly [number, number, number];
  readonly sky: readonly [number, number, number];
  readonly ground: readonly [number, number, number];
  /** Display colours of the ground behind, middle and edge. */
  readonly inner: readonly [number, number, number];
  readonly outer: readonly [number, number, number];
}

const DAY: Light = {
  key: [2.02, 1.83, 1.61],
  fill: [0.28, 0.31, 0.41],
  rim: [1.36, 1.44, 1.6],
  sky: [0.39, 0.41, 0.48],
  ground: [0.35, 0.22, 0.18],
  inner: [0.955, 0.86, 0.75],
  outer: [0.6, 0.62, 0.7],
};

const NIGHT: Light = {
  key: [2.05, 1.72, 1.36],
  fill: [0.2, 0.28, 0.5],
  rim: [1.3, 1.6, 2.3],
  sky: [0.26, 0.29, 0.42],
  ground: [0.24, 0.16, 0.18],
  inner: [0.26, 0.255, 0.36],
  outer: [0.07, 0.075, 0.13],
};

/** Uniforms that every material of a figure shares by reference. */
export class SharedUniforms {
  readonly keyDir = { value: new Vector3(-0.5, 0.62, 0.8).normalize() };
  readonly fillDir = { value: new Vector3(0.9, 0.05, 0.55).normalize() };
  readonly rimLeft = { value: new Vector3(-0.85, 0.3, -0.7).normalize() };
  readonly rimRight = { value: new Vector3(0.8, 0.45, -0.75).normalize() };
  readonly keyLight = { value: new Vector3() };
  readonly fillLight = { value: new Vector3() };
  readonly rimLight = { value: new Vector3() };
  readonly skyLight = { value: new Vector3() };
  readonly groundLight = { value: new Vector3() };
  readonly groundInner = { value: new Vector3() };
  readonly groundOuter = { value: new Vector3() };
  readonly exposure = { value: 1 };
  readonly headTurn = { value: new Matrix3() };
  readonly headShift = { value: new Vector3() };
  /** Breath up, breath forward, sway, and 1 where the part follows the head. */
  readonly body = { value: new Vector4(0, 0, 0, 1) };
  readonly mouthOpen = { value: 0 };
  readonly mouthLight = { value: 1 };
  readonly sparkle = { value: 1 };
  readonly gloss = { value: 1 };

  constructor(theme: AvatarTheme) {
    this.setTheme(theme);
  }

  /** Lights the figure for a theme. A transparent ground takes the light of day. */
  setTheme(theme: AvatarTheme): void {
    const light = theme === "night" ? NIGHT : DAY;
    this.keyLight.value.fromArray(light.key);
    this.fillLight.value.fromArray(light.fill);
    this.rimLight.value.fromArray(light.rim);
    this.skyLight.value.fromArray(light.sky);
    this.groundLight.value.fromArray(light.ground);
    this.groundInner.value.fromArray(light.inner);
    this.groundOuter.value.fromArray(light.outer);
  }
}
