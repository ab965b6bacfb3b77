//! Why a store operation gave no answer, told apart by what may have been applied.

use redis::{ErrorKind, RedisError};

/// Why an operation on the store failed. None of these says anything about a caller's credential: all end as a 503.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store answered an error; nothing was applied. Only the error's code is kept (`WRONGTYPE`, `OOM`,
    /// `READONLY`…): Redis quotes the arguments of a command in some messages, and those hold keys and values.
    #[error("{operation}: the store refused ({code})")]
    Refused {
        /// The operation, e.g. `rotate`.
        operation: &'static str,
        /// The first word of the store's error.
        code: String,
    },
    /// A write got no complete answer: it may have been applied, and must not be taken for either.
    #[error("{operation}: outcome unknown ({silence}), the write may have been applied")]
    Unknown {
        /// The operation, e.g. `rotate`.
        operation: &'static str,
        /// What came instead of an answer.
        silence: Silence,
    },
    /// A read got no answer.
    #[error("{operation}: the store is unavailable ({silence})")]
    Unavailable {
        /// The operation, e.g. `get`.
        operation: &'static str,
        /// What came instead of an answer.
        silence: Silence,
    },
}

/// What came instead of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// Nothing, within the deadline.
    #[error("no answer within the deadline")]
    Deadline,
    /// The connection was lost, or none could be made.
    #[error("connection lost")]
    Connection,
    /// One command inside a transaction failed while the others were applied (Redis does not roll back).
    #[error("transaction applied in part")]
    AppliedInPart,
    /// An answer of a shape that the command cannot have.
    #[error("unexpected answer")]
    UnexpectedAnswer,
}

/// An operation's name, and whether a lost answer leaves a write in doubt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) name: &'static str,
    writes: bool,
}

impl Operation {
    /// An operation that may be repeated at will. Extending a lifetime counts as a read: doing so twice, or not
    /// at all, changes nothing that the caller was promised.
    pub(super) const fn read(name: &'static str) -> Self {
        Self {
            name,
            writes: false,
        }
    }

    /// An operation after which the store holds something else than before.
    pub(super) const fn write(name: &'static str) -> Self {
        Self { name, writes: true }
    }

    /// The error for an operation that got no usable answer.
    pub(super) fn unanswered(self, silence: Silence) -> StoreError {
        let operation = self.name;
        if self.writes {
            StoreError::Unknown { operation, silence }
        } else {
            StoreError::Unavailable { operation, silence }
        }
    }

    /// Sorts an error of the client into refused or unanswered.
    pub(super) fn failed(self, error: &RedisError) -> StoreError {
        match error.kind() {
            ErrorKind::Server(kind) => self.refused(
                error
                    .code()
                    .map_or_else(|| format!("{kind:?}"), str::to_owned),
            ),
            ErrorKind::Extension => self.refused(error.code().unwrap_or("ERR").to_owned()),
            ErrorKind::Io if error.is_timeout() => self.unanswered(Silence::Deadline),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
                self.unanswered(Silence::UnexpectedAnswer)
            }
            // A failed authentication belongs here too: it happens while reconnecting, before this command was sent.
            _ => self.unanswered(Silence::Connection),
        }
    }

    fn refused(self, code: String) -> StoreError {
        StoreError::Refused {
            operation: self.name,
            code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_leaves_a_write_in_doubt_but_not_a_read() {
        let lost = RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert_eq!(
            Operation::write("put").failed(&lost),
            StoreError::Unknown {
                operation: "put",
                silence: Silence::Connection
            }
        );
        assert_eq!(
            Operation::read("get").failed(&lost),
            StoreError::Unavailable {
                operation: "get",
                silence: Silence::Connection
            }
        );
    }

    #[test]
    fn a_refusal_keeps_the_code_and_drops_the_text() {
        let error =
            redis::make_extension_error("WRONGTYPE".into(), Some("near key session:abc".into()));
        let refused = Operation::write("put").failed(&error);
        assert_eq!(
            refused,
            StoreError::Refused {
                operation: "put",
                code: "WRONGTYPE".into()
            }
        );
        assert!(!format!("{refused} {refused:?}").contains("abc"));
    }

    #[test]
    fn a_timed_out_answer_is_a_deadline() {
        let late = RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        assert!(matches!(
            Operation::write("put").failed(&late),
            StoreError::Unknown {
                silence: Silence::Deadline,
                ..
            }
        ));
    }
}
