/** Critically damped motion towards a goal: no overshoot, no jerk. */
export class Spring {
  value = 0;
  private speed = 0;

  /** @param frequency - radians per second: 1/frequency is about a third of the settling time */
  constructor(private readonly frequency: number) {}

  /** Moves `seconds` further towards `goal` (exact solution: any step size is stable). Returns the new value. */
  step(goal: number, seconds: number): number {
    const w = this.frequency;
    const decay = Math.exp(-w * seconds);
    const offset = this.value - goal;
    const drift = (this.speed + w * offset) * seconds;
    this.value = goal + (offset + drift) * decay;
    this.speed = (this.speed - w * drift) * decay;
    return this.value;
  }
}
