from ledgerin.banks import harbour, nordbank, volksfunk

BANKS = {"harbour": harbour.read, "nordbank": nordbank.read, "volksfunk": volksfunk.read}
