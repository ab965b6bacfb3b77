//! Places for marks that must not cover each other.

/// Directions in which a place is looked for.
const DIRECTIONS: u32 = 16;
/// Rings around the anchor, each one radius further out.
const RINGS: u32 = 28;

/// A rectangle that places keep within: left, top, right, bottom.
#[derive(Clone, Copy)]
pub(super) struct Within(pub(super) [f64; 4]);

/// A centre for a disc of `radius` for each of `anchors`: the anchor itself where nothing is in the way, otherwise the nearest place in one of
/// sixteen directions. Discs do not touch as long as there is room; in the order given, so the first have the better places.
pub(super) fn discs(anchors: &[(f64, f64)], radius: f64, within: Within) -> Vec<(f64, f64)> {
    let mut placed: Vec<(f64, f64)> = Vec::with_capacity(anchors.len());
    for &anchor in anchors {
        let free = around(anchor, radius).find(|place| {
            within.holds(*place, radius)
                && placed
                    .iter()
                    .all(|other| distance(*place, *other) >= 2.0 * radius + 1.0)
        });
        placed.push(free.unwrap_or(anchor));
    }
    placed
}

fn around(anchor: (f64, f64), radius: f64) -> impl Iterator<Item = (f64, f64)> {
    let rings = (1..=RINGS).flat_map(move |ring| {
        (0..DIRECTIONS).map(move |step| {
            // Up first, then right: labels above and beside a mark read as its own.
            let turn = f64::from(step) / f64::from(DIRECTIONS) * std::f64::consts::TAU;
            let away = radius * (1.0 + f64::from(ring));
            (anchor.0 + away * turn.sin(), anchor.1 - away * turn.cos())
        })
    });
    [anchor].into_iter().chain(rings)
}

impl Within {
    fn holds(self, (x, y): (f64, f64), radius: f64) -> bool {
        let [left, top, right, bottom] = self.0;
        x - radius >= left && x + radius <= right && y - radius >= top && y + radius <= bottom
    }
}

fn distance(one: (f64, f64), other: (f64, f64)) -> f64 {
    (one.0 - other.0).hypot(one.1 - other.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Within = Within([0.0, 0.0, 760.0, 440.0]);

    #[test]
    fn sixteen_at_one_spot_do_not_touch_and_stay_inside() {
        for anchor in [(300.0, 200.0), (5.0, 5.0), (755.0, 436.0)] {
            let placed = discs(&[anchor; 16], 9.0, AREA);
            for (i, one) in placed.iter().enumerate() {
                assert!(AREA.holds(*one, 9.0), "{one:?}");
                for other in &placed[i + 1..] {
                    assert!(distance(*one, *other) >= 19.0, "{one:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn what_has_room_stays_where_it_is() {
        let anchors = [(100.0, 100.0), (150.0, 100.0), (100.0, 150.0)];
        assert_eq!(discs(&anchors, 9.0, AREA), anchors);
    }
}
