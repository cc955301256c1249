//! STUB: State, Msg, Effect, update.
