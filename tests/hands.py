"""Ways to use a page: the mouse, a finger, the keyboard."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

Point = tuple[float, float]


class Mouse:
    """Presses, clicks and drags."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, target: Locator) -> None:
        """A button."""
        target.click()

    def choose(self, target: Locator) -> None:
        """A radio button or a box."""
        self.press(target)

    def slide(self, slider: Locator, share: float) -> None:
        """Somewhere near a share of the scale; the page says where it came to lie."""
        self.page.mouse.click(*self.along(slider, share))

    def along(self, slider: Locator, share: float) -> Point:
        """Where on the screen a share of a slider is."""
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        if slider.get_attribute("aria-orientation") == "vertical":
            return box["x"] + box["width"] / 2, box["y"] + box["height"] * (1 - share)
        return box["x"] + box["width"] * share, box["y"] + box["height"] / 2

    def place(self, marker: Locator, field: Locator, share: float) -> None:
        """A marker of APE on its axis."""
        field.scroll_into_view_if_needed()
        start, axis = self.middle(marker), field.bounding_box()
        assert axis is not None
        self.drag(start, (axis["x"] + axis["width"] * share, axis["y"] + 60))

    def middle(self, target: Locator) -> Point:
        """The middle of an element on the screen."""
        box = target.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: Point, end: Point) -> None:
        """From one point of the screen to another."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=5)
        self.page.mouse.up()


class Finger(Mouse):
    """Taps and drags on a touch screen."""

    def press(self, target: Locator) -> None:
        """A button."""
        target.tap()

    def slide(self, slider: Locator, share: float) -> None:
        """Somewhere near a share of the scale."""
        self.page.touchscreen.tap(*self.along(slider, share))

    def drag(self, start: Point, end: Point) -> None:
        """From one point of the screen to another."""
        session = self.page.context.new_cdp_session(self.page)
        parts = [part / 5 for part in range(6)]
        for part in parts:
            point = {
                "x": start[0] + (end[0] - start[0]) * part,
                "y": start[1] + (end[1] - start[1]) * part,
            }
            kind = "touchMove" if part else "touchStart"
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
        # A finger that rests before it lifts flings nothing; a tap that ends a fling is no press.
        self.page.wait_for_timeout(300)
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        self.page.wait_for_timeout(200)


class Keys(Mouse):
    """The keyboard alone."""

    def press(self, target: Locator) -> None:
        """A button."""
        target.focus()
        self.page.keyboard.press("Enter")

    def choose(self, target: Locator) -> None:
        """A radio button or a box."""
        target.focus()
        self.page.keyboard.press("Space")

    def slide(self, slider: Locator, share: float) -> None:
        """To an end of the scale, and a step back from it."""
        slider.focus()
        self.page.keyboard.press("End" if share > 0.5 else "Home")
        self.page.keyboard.press("ArrowDown" if share > 0.5 else "ArrowUp")

    def place(self, marker: Locator, field: Locator, share: float) -> None:
        """A marker of APE on its axis."""
        self.press(marker)
        self.slide(marker, share)
