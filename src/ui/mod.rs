//! STUB: state to cells.
