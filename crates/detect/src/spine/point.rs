//! Coordinates, and how far they are apart.

use model::{Organisation, PlaceId};
use serde::{Deserialize, Serialize};

/// A point on the globe, in millionths of a degree, right give or take some metres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    latitude_e6: i32,
    longitude_e6: i32,
    error_m: u32,
}

/// SOURCE: IUGG mean radius of the earth.
const EARTH_RADIUS_KM: f64 = 6_371.0;

impl Point {
    /// `None` where it lies on no globe.
    pub(crate) fn new(latitude: f64, longitude: f64, error_m: u32) -> Option<Self> {
        let is_there = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_there.then(|| Self {
            latitude_e6: (latitude * 1e6).round() as i32,
            longitude_e6: (longitude * 1e6).round() as i32,
            error_m,
        })
    }

    /// How many kilometres two points are apart at least; what they may be wrong by is taken off.
    pub(crate) fn km_at_least(&self, other: &Self) -> f64 {
        let radians = |e6: i32| (f64::from(e6) / 1e6).to_radians();
        let (a, b) = (radians(self.latitude_e6), radians(other.latitude_e6));
        let half_north = ((b - a) / 2.0).sin().powi(2);
        let turn = radians(other.longitude_e6) - radians(self.longitude_e6);
        let half_east = (turn / 2.0).sin().powi(2) * a.cos() * b.cos();
        let angle = 2.0 * (half_north + half_east).sqrt().clamp(0.0, 1.0).asin();
        let error_km = (f64::from(self.error_m) + f64::from(other.error_m)) / 1_000.0;
        (EARTH_RADIUS_KM * angle - error_km).max(0.0)
    }

    /// `52.5, 13.4`: a tenth of a degree is as near as people need to know.
    pub(crate) fn in_words(&self) -> String {
        let degrees = |e6: i32| f64::from(e6) / 1e6;
        format!("{:.1}, {:.1}", degrees(self.latitude_e6), degrees(self.longitude_e6))
    }
}

/// Where a place lies: its own coordinates, or those of the nearest place around it.
pub(super) fn of_place(org: &Organisation, place: &PlaceId) -> Option<Point> {
    org.place_and_above(place).find_map(|place| {
        let (latitude, longitude) = org.coordinates_of(&place.id)?;
        Point::new(latitude, longitude, 0)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::Point;

    #[test]
    fn distances_are_those_of_the_globe_less_what_is_not_certain() {
        let berlin = Point::new(52.52, 13.405, 0).unwrap();
        let hong_kong = Point::new(22.32, 114.17, 0).unwrap();
        assert!((berlin.km_at_least(&hong_kong) - 8_740.0).abs() < 40.0);
        assert!(berlin.km_at_least(&berlin) < f64::EPSILON);
        let vague = Point::new(52.6, 13.4, 100_000).unwrap();
        assert!(berlin.km_at_least(&vague) < f64::EPSILON);
        assert!(Point::new(91.0, 0.0, 0).is_none());
        assert_eq!(hong_kong.in_words(), "22.3, 114.2");
    }
}
