import ChannelPrograms
import Glibc

exit(Reprocessing.run())
