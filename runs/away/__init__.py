"""Work that is done in another process or on another machine: who does it, and with which store. Knows no Prefect."""
