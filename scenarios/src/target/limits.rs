//! How much load a target may get.

/// How much load a target may get; absent: as much as the scenario wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests per second at all points together.
    pub requests_per_s: Option<u32>,
    /// Logins per second.
    pub logins_per_s: Option<u32>,
    /// Administrator's calls per second: steps of that login, of events and of what undoes them.
    pub admin_calls_per_s: Option<u32>,
}

impl Limits {
    /// What a host that is not this machine gets until its target file says otherwise: about what one person does.
    pub const OF_OTHER_MACHINES: Self = Self {
        requests_per_s: Some(20),
        logins_per_s: Some(2),
        admin_calls_per_s: Some(1),
    };

    /// These limits, and the defaults for what they leave open where the target is on another machine.
    #[must_use]
    pub fn of(self, is_remote: bool) -> Self {
        let defaults = match is_remote {
            true => Self::OF_OTHER_MACHINES,
            false => Self::default(),
        };
        Self {
            requests_per_s: self.requests_per_s.or(defaults.requests_per_s),
            logins_per_s: self.logins_per_s.or(defaults.logins_per_s),
            admin_calls_per_s: self.admin_calls_per_s.or(defaults.admin_calls_per_s),
        }
    }

    /// What two targets on one host may get together: the lower of each, for either file may be the one that was written with care.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        let lower = |one: Option<u32>, other: Option<u32>| one.into_iter().chain(other).min();
        Self {
            requests_per_s: lower(self.requests_per_s, other.requests_per_s),
            logins_per_s: lower(self.logins_per_s, other.logins_per_s),
            admin_calls_per_s: lower(self.admin_calls_per_s, other.admin_calls_per_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_file_leaves_open_is_limited_and_only_elsewhere() {
        let stated = Limits {
            logins_per_s: Some(50),
            ..Limits::default()
        };
        assert_eq!(stated.of(false), stated);
        let elsewhere = Limits {
            requests_per_s: Some(20),
            logins_per_s: Some(50),
            admin_calls_per_s: Some(1),
        };
        assert_eq!(stated.of(true), elsewhere);
    }

    #[test]
    fn of_two_limits_the_lower_holds() {
        let one = Limits {
            requests_per_s: Some(200),
            logins_per_s: None,
            admin_calls_per_s: None,
        };
        let both = Limits {
            requests_per_s: Some(20),
            logins_per_s: Some(2),
            admin_calls_per_s: Some(1),
        };
        let other = Limits::OF_OTHER_MACHINES;
        assert_eq!((one.least(other), other.least(one)), (both, both));
        assert_eq!(one.least(Limits::default()), one);
    }
}
