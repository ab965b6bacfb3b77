//! Who acts in an order, and how often.

/// How many of each there are; everything else is a matter of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// Its name in reports.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Renewals of each of the user's two tabs, which share one cookie jar.
    pub tabs: [u8; 2],
    /// Answers to tabs that may be lost on the way; the tab then asks once more, with what the jar then holds.
    pub losses: u8,
    /// Uses by a thief, who copies the jar's token at any moment and goes on with what the copy brings.
    pub thief: u8,
    /// Uses of that copy as another client.
    pub other_client: u8,
    /// Times that the clock moves on: by half the grace, or past it.
    pub pauses: u8,
}

/// The casts that are explored.
pub const CASTS: [Cast; 5] = [
    Cast {
        name: "two-tabs",
        about: "two tabs of one browser renew, nobody else",
        tabs: [2, 1],
        losses: 0,
        thief: 0,
        other_client: 0,
        pauses: 1,
    },
    Cast {
        name: "lost-answer",
        about: "two tabs, an answer is lost and asked for again",
        tabs: [1, 1],
        losses: 1,
        thief: 0,
        other_client: 0,
        pauses: 1,
    },
    Cast {
        name: "thief",
        about: "two tabs, and a thief with a copy",
        tabs: [1, 1],
        losses: 0,
        thief: 2,
        other_client: 0,
        pauses: 1,
    },
    Cast {
        name: "other-client",
        about: "a tab, and another client with a copy",
        tabs: [2, 0],
        losses: 0,
        thief: 0,
        other_client: 2,
        pauses: 1,
    },
    Cast {
        name: "everybody",
        about: "two tabs, a lost answer, a thief, and another client",
        tabs: [2, 1],
        losses: 1,
        thief: 2,
        other_client: 1,
        pauses: 2,
    },
];
