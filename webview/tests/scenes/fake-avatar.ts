/** A quiet head and shoulders where the avatar would be, so that a picture of the window can be judged. */
export function drawFakeAvatar(container: HTMLElement, theme: "day" | "night"): void {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "width:100%;height:100%";
  container.append(canvas);
  const paint = (): void => {
    const { clientWidth: width, clientHeight: height } = container;
    canvas.width = width;
    canvas.height = height;
    const pen = canvas.getContext("2d");
    if (pen === null) return;
    const unit = Math.min(width, height) / 10;
    const [x, y] = [width / 2, height * 0.42];
    pen.fillStyle = theme === "day" ? "#8aa0a3" : "#46565d";
    pen.beginPath();
    pen.ellipse(x, y + unit * 6.2, unit * 4.2, unit * 3.4, 0, Math.PI, 0);
    pen.fill();
    pen.fillStyle = theme === "day" ? "#d9b9a3" : "#9d7f6d";
    pen.fillRect(x - unit * 0.75, y + unit, unit * 1.5, unit * 2.4);
    pen.beginPath();
    pen.ellipse(x, y - unit * 0.3, unit * 1.75, unit * 2.35, 0, 0, 7);
    pen.fill();
  };
  new ResizeObserver(paint).observe(container);
  paint();
}
